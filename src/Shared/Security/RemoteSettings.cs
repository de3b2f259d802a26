using System.Net;
using System.Net.Sockets;
using ActorHutch.Shared.Options;

namespace ActorHutch.Shared.Security;

/// <summary>Where this process listens, under which name others know it, and how it is secured.</summary>
public sealed record RemoteSettings
{
    /// <summary>The address it binds. Default: loopback, which no other machine reaches.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>The port it binds. Default: 0, any that is free.</summary>
    public int Port { get; init; }

    /// <summary>The name that others reach it by; null (the default) for <see cref="Host"/>.</summary>
    public string? PublicHost { get; init; }

    /// <summary>The port that others reach it by; null (the default) for <see cref="Port"/>.</summary>
    public int? PublicPort { get; init; }

    /// <summary>The certificates' files. Default: none, plain TCP.</summary>
    public TlsFiles TlsFiles { get; init; } = TlsFiles.None;

    /// <summary>Whether it may listen to other machines without TLS: <c>--insecure</c>. Default: false.</summary>
    public bool Insecure { get; init; }

    /// <summary>Whether it binds an IPv6 address; then names are looked up as such, else as IPv4 addresses.</summary>
    internal bool IsIpv6 =>
        IPAddress.TryParse(Host, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6;

    /// <summary>Everything that is wrong with the security of the settings, and the certificates where they are right.</summary>
    /// <param name="tls">The certificates; null for plain TCP, or where something is wrong.</param>
    public IReadOnlyList<Problem> Validate(out TlsSettings? tls)
    {
        var problems = new List<Problem>();
        tls = TlsSettings.Read(TlsFiles, problems);
        if (TlsFiles.Any && Insecure)
        {
            problems.Add(new Problem("insecure", "with --tls-cert", "must be one or the other: with certificates the port is secure"));
        }

        if (!TlsFiles.Any && !Insecure && !IsLoopback(Host))
        {
            problems.Add(new Problem("listen", $"{Host}:{Port}",
                "must be on loopback (127.0.0.1), or have --tls-cert, --tls-key and --tls-ca, or --insecure: "
                + "then everyone who can connect to the port can read all messages, and send messages as a worker or the coordinator"));
        }

        return problems;
    }

    /// <summary>Whether no other machine reaches an address. A name other than localhost could be any machine's.</summary>
    public static bool IsLoopback(string host) =>
        string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.AsSpan().Trim("[]"), out var address) && IPAddress.IsLoopback(address));
}
