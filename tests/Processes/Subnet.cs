using System.Globalization;

namespace ActorHutch.Processes;

/// <summary>A network of test hosts. Each test project has its own, for they may run at the same time.</summary>
/// <param name="Name">A short name, which the names of all its devices begin with.</param>
/// <param name="Prefix">What its addresses begin with.</param>
/// <param name="Bits">How many bits of an address are the network's.</param>
internal sealed record Subnet(string Name, string Prefix, int Bits)
{
    /// <summary>Whether its addresses are IPv6 ones; there are no others then.</summary>
    public bool IsIpv6 => Prefix.Contains(':', StringComparison.Ordinal);

    /// <summary>The address of a host, counted from 0.</summary>
    public string Address(int host) => Prefix + (host + 1).ToString(IsIpv6 ? "x" : "d", CultureInfo.InvariantCulture);
}
