namespace ActorHutch.Shared.Security;

/// <summary>What <c>--tls-cert</c>, <c>--tls-key</c> and <c>--tls-ca</c> were given: PEM files, all three or none.</summary>
/// <param name="Certificate">This process's certificate.</param>
/// <param name="Key">Its private key, not encrypted.</param>
/// <param name="Authority">The certificates that vouch for every process of the cluster.</param>
public sealed record TlsFiles(string? Certificate, string? Key, string? Authority)
{
    /// <summary>No TLS.</summary>
    public static TlsFiles None { get; } = new(null, null, null);

    /// <summary>Whether any of the three was given.</summary>
    public bool Any => Certificate is not null || Key is not null || Authority is not null;
}
