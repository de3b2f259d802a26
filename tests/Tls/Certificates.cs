using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ActorHutch.Shared.Security;

namespace ActorHutch.Tls;

/// <summary>An authority and the certificates it issues, as PEM files in a folder of their own.</summary>
public sealed class Certificates : IDisposable
{
    private static readonly Oid ServerAuth = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientAuth = new("1.3.6.1.5.5.7.3.2");

    private readonly string _folder = Directory.CreateTempSubdirectory("actorhutch-tls-").FullName;
    private readonly X509Certificate2 _authority;
    private int _number;

    public Certificates()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=the cluster's authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-10), DateTimeOffset.UtcNow.AddDays(10));
        AuthorityFile = WriteFile("ca.pem", _authority.ExportCertificatePem());
    }

    public string AuthorityFile { get; }

    public TlsFiles Good() => Issue("CN=good", -1, 1, ServerAuth, ClientAuth);

    public TlsFiles Expired() => Issue("CN=expired", -5, -1, ServerAuth, ClientAuth);

    public TlsFiles NotYetValid() => Issue("CN=early", 1, 5, ServerAuth, ClientAuth);

    public TlsFiles ServerOnly() => Issue("CN=server only", -1, 1, ServerAuth);

    public TlsFiles ClientOnly() => Issue("CN=client only", -1, 1, ClientAuth);

    public TlsFiles WithoutUse() => Issue("CN=anything", -1, 1);

    public string WriteFile(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose()
    {
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private TlsFiles Issue(string name, int fromDay, int toDay, params Oid[] uses)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_authority, true, false));
        if (uses.Length > 0) request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. uses], false));
        using var certificate = request.Create(
            _authority, DateTimeOffset.UtcNow.AddDays(fromDay), DateTimeOffset.UtcNow.AddDays(toDay), [1, (byte)++_number]);
        return new TlsFiles(
            WriteFile($"{_number}.pem", certificate.ExportCertificatePem()),
            WriteFile($"{_number}.key", key.ExportPkcs8PrivateKeyPem()),
            AuthorityFile);
    }
}
