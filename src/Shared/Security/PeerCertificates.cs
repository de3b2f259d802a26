using System.Collections.Concurrent;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Akka.Event;

namespace ActorHutch.Shared.Security;

/// <summary>
/// Which certificates are good: valid today, issued by the cluster's own authority and by nobody else, and meant for
/// both ends of a connection. The operating system's authorities have no say, names do not matter, and nothing is asked
/// of the network: a certificate is withdrawn by changing the authority.
/// </summary>
internal sealed class PeerCertificates
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <summary>More reasons than anybody reads; it bounds what strangers can make this process remember.</summary>
    private const int MaxLogged = 1000;

    private readonly X509Certificate2Collection _roots = [];
    private readonly X509Certificate2Collection _intermediates = [];
    private readonly ConcurrentDictionary<string, bool> _logged = new(StringComparer.Ordinal);

    /// <param name="authorities">Those signed by themselves are trusted, the others may stand between.</param>
    public PeerCertificates(X509Certificate2Collection authorities)
    {
        foreach (var authority in authorities)
        {
            bool root = authority.SubjectName.RawData.AsSpan().SequenceEqual(authority.IssuerName.RawData);
            (root ? _roots : _intermediates).Add(authority);
        }
    }

    /// <summary>Akka's question about a peer; a refusal is logged, each reason once for each certificate.</summary>
    public bool Accept(
        X509Certificate2? certificate, X509Chain? presented, string peer, SslPolicyErrors errors, ILoggingAdapter log)
    {
        string? refusal = certificate is null ? "it presented no certificate" : Refusal(certificate, presented);
        if (refusal is null) return true;

        string key = $"{certificate?.Thumbprint} {refusal}";
        if (_logged.Count < MaxLogged && _logged.TryAdd(key, true))
        {
            log.Warning(
                "Refused {0} with certificate {1}: {2}. Further attempts with it are not logged",
                peer, certificate?.Subject ?? "(none)", refusal);
        }

        return false;
    }

    /// <summary>What is wrong with a certificate, for people; null where it is good.</summary>
    public string? Refusal(X509Certificate2 certificate, X509Chain? presented = null)
    {
        if (MissingUse(certificate) is { } missing) return missing;

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_roots);
        chain.ChainPolicy.ExtraStore.AddRange(_intermediates);
        foreach (var element in presented?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        if (chain.Build(certificate)) return null;

        var status = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status);
        return Describe(status, certificate);
    }

    /// <summary>A certificate that says nothing about its use would do for any; here it must say both.</summary>
    private static string? MissingUse(X509Certificate2 certificate)
    {
        var uses = certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>()
            .SelectMany(extension => extension.EnhancedKeyUsages.Cast<Oid>())
            .Select(use => use.Value)
            .ToHashSet(StringComparer.Ordinal);
        return uses.Contains(ServerAuthentication) && uses.Contains(ClientAuthentication)
            ? null
            : "its extended key usage is not serverAuth and clientAuth, both of which every process needs";
    }

    private static string Describe(X509ChainStatusFlags status, X509Certificate2 certificate)
    {
        if (status.HasFlag(X509ChainStatusFlags.NotTimeValid))
        {
            return FormattableString.Invariant(
                $"it is valid from {certificate.NotBefore.ToUniversalTime():u} to {certificate.NotAfter.ToUniversalTime():u}, which is not now");
        }

        const X509ChainStatusFlags Foreign = X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot;
        return (status & Foreign) != 0
            ? $"its issuer, {certificate.Issuer}, is not in --tls-ca"
            : $"{status}";
    }
}
