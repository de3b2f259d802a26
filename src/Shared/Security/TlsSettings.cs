using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ActorHutch.Curvature.Data.Bytes;
using ActorHutch.Shared.Options;

namespace ActorHutch.Shared.Security;

/// <summary>Who this process is, and who vouches for the others.</summary>
public sealed class TlsSettings
{
    /// <summary>1 MiB: some hundred authorities.</summary>
    private const int LargestFile = 1 << 20;

    private TlsSettings(X509Certificate2 certificate, PeerCertificates peers)
    {
        Certificate = certificate;
        Peers = peers;
    }

    /// <summary>This process's certificate, with its private key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>Which certificates of others are good.</summary>
    internal PeerCertificates Peers { get; }

    /// <summary>
    /// Reads the files and finds everything that is wrong with them: one that is missing or no PEM, a key of another
    /// certificate, a certificate that its peers would refuse.
    /// </summary>
    /// <param name="files">The files.</param>
    /// <param name="problems">What is wrong is added here.</param>
    /// <returns>The settings; null where no file is given or something is wrong.</returns>
    public static TlsSettings? Read(TlsFiles files, ICollection<Problem> problems)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(problems);
        if (!files.Any) return null;

        string? certificateText = PemText("tls-cert", files.Certificate, problems);
        string? keyText = PemText("tls-key", files.Key, problems);
        string? authorityText = PemText("tls-ca", files.Authority, problems);

        var certificate = certificateText is null
            ? null
            : Parse("tls-cert", files.Certificate!, problems, () => X509Certificate2.CreateFromPem(certificateText));
        var withKey = keyText is null || certificate is null ? null : Join(certificate, keyText, files, problems);
        var authorities = authorityText is null
            ? null
            : Parse("tls-ca", files.Authority!, problems, () => Authorities(authorityText));
        if (authorities is null || certificate is null) return null;

        var peers = new PeerCertificates(authorities);
        if (peers.Refusal(certificate) is { } refusal)
        {
            problems.Add(new Problem("tls-cert", files.Certificate!,
                $"must be a certificate that the others accept, and this one is refused: {refusal}"));
            return null;
        }

        return withKey is null ? null : new TlsSettings(withKey, peers);
    }

    private static string? PemText(string field, string? path, ICollection<Problem> problems)
    {
        if (path is null)
        {
            problems.Add(new Problem(field, "(not given)",
                "must be given: --tls-cert, --tls-key and --tls-ca belong together"));
            return null;
        }

        try
        {
            // Whatever mark of its encoding it begins with.
            using var text = new StreamReader(new MemoryStream(RegularFile.ReadAll(path, LargestFile)));
            return text.ReadToEnd();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            problems.Add(new Problem(field, path,
                error is FileNotFoundException
                    ? "must be a file, and there is none"
                    : $"must be a file that can be read: {error.Message.TrimEnd('.')}"));
            return null;
        }
    }

    private static T? Parse<T>(string field, string path, ICollection<Problem> problems, Func<T> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (CryptographicException)
        {
            problems.Add(new Problem(field, path, "must hold a certificate in PEM: -----BEGIN CERTIFICATE-----"));
            return null;
        }
    }

    private static X509Certificate2Collection Authorities(string text)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(text);
        return authorities.Count > 0 ? authorities : throw new CryptographicException("No certificate.");
    }

    private static X509Certificate2? Join(
        X509Certificate2 certificate, string keyText, TlsFiles files, ICollection<Problem> problems)
    {
        if (keyText.Contains("ENCRYPTED", StringComparison.Ordinal))
        {
            problems.Add(new Problem("tls-key", files.Key!,
                "must not be encrypted, because the program cannot ask for a passphrase: openssl pkey -in KEY -out PLAINKEY"));
            return null;
        }

        if (!keyText.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
        {
            problems.Add(new Problem("tls-key", files.Key!, "must hold a private key in PEM: -----BEGIN PRIVATE KEY-----"));
            return null;
        }

        try
        {
            return Usable(X509Certificate2.CreateFromPem(certificate.ExportCertificatePem(), keyText));
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            problems.Add(new Problem("tls-key", files.Key!, $"must be the private key of {files.Certificate}, and is not"));
            return null;
        }
    }

    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "It is what is returned.")]
    private static X509Certificate2 Usable(X509Certificate2 certificate)
    {
        // Windows' TLS knows no keys that live in memory alone.
        if (!OperatingSystem.IsWindows()) return certificate;
        using (certificate) return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }
}
