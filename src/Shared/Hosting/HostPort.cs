using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace ActorHutch.Shared.Hosting;

/// <summary>Where a process listens, or can be found: <c>HOST:PORT</c>, <c>[::1]:4053</c>.</summary>
/// <param name="Host">A name or an address, without brackets.</param>
/// <param name="Port">0 for any that is free.</param>
public readonly record struct HostPort(string Host, int Port)
{
    /// <summary>Whether it stands for every address of the machine, which nobody else can connect to.</summary>
    public bool IsAny => IPAddress.TryParse(Host, out var address)
        && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));

    /// <summary>Whether it can be reached from this machine alone.</summary>
    public bool IsLoopback =>
        Host == "localhost" || (IPAddress.TryParse(Host, out var address) && IPAddress.IsLoopback(address));

    /// <summary>Reads <c>HOST:PORT</c>.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out HostPort value)
    {
        value = default;
        int colon = text?.LastIndexOf(':') ?? -1;
        if (colon <= 0) return false;
        string host = text![..colon];
        if (host.StartsWith('[') && host.EndsWith(']')) host = host[1..^1];
        else if (host.Contains(':', StringComparison.Ordinal)) return false;
        if (Uri.CheckHostName(host) == UriHostNameType.Unknown) return false;
        if (!int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port)) return false;
        if (port > IPEndPoint.MaxPort) return false;
        value = new HostPort(host, port);
        return true;
    }

    /// <summary>Finds out whether a process can listen here.</summary>
    /// <param name="option">The option that names the address, without dashes.</param>
    /// <exception cref="ListenException">It cannot: the address is not this machine's, or the port is taken.</exception>
    public void CheckIsFree(string option)
    {
        try
        {
            var address = IPAddress.TryParse(Host, out var known) ? known : Dns.GetHostAddresses(Host)[0];
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            // Without ReuseAddress, by which .NET lets several processes listen on one port of Linux and share its callers.
            // That connections of an earlier process linger is no hindrance.
            socket.Bind(new IPEndPoint(address, Port));
            socket.Listen();
        }
        catch (SocketException error)
        {
            throw new ListenException(option, this, error);
        }
    }

    /// <summary>As it is written in an address: with brackets where the host is an IPv6 address.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{(Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host)}:{Port}");
}
