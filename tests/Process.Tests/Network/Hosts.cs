using System.Globalization;

namespace ActorHutch.Process.Tests.Network;

/// <summary>
/// Hosts of their own: network namespaces, each with one link to a common switch. The first is the coordinator's.
/// </summary>
internal sealed class Hosts : IDisposable
{
    private readonly string _prefix = string.Create(CultureInfo.InvariantCulture, $"ah{Environment.ProcessId % 100_000}");
    private readonly int _count;

    private Hosts(int count) => _count = count;

    private string Bridge => $"{_prefix}br";

    /// <summary>Makes hosts, or skips the test where that cannot be done.</summary>
    public static Hosts MakeOrSkip(int count)
    {
        var hosts = new Hosts(count);
        try
        {
            hosts.Make();
            return hosts;
        }
        catch (InvalidOperationException error)
        {
            hosts.Dispose();
            Assert.Skip($"Network namespaces cannot be made here: {error.Message}");
            throw;
        }
    }

    /// <summary>A host's name, to run something on it.</summary>
    public string Name(int host) => string.Create(CultureInfo.InvariantCulture, $"{_prefix}h{host}");

    /// <summary>A host's address.</summary>
    public static string Address(int host) => string.Create(CultureInfo.InvariantCulture, $"10.213.77.{host + 1}");

    /// <summary>Cuts a host's link: packets are lost, and nobody is told.</summary>
    public void CutLink(int host) => Ip($"link set {Link(host)} nomaster");

    /// <summary>Mends it.</summary>
    public void MendLink(int host) => Ip($"link set {Link(host)} master {Bridge}");

    public void Dispose()
    {
        for (int host = 0; host < _count; host++) TryIp($"netns del {Name(host)}");
        for (int host = 0; host < _count; host++) TryIp($"link del {Link(host)}");
        TryIp($"link del {Bridge}");
    }

    private string Link(int host) => string.Create(CultureInfo.InvariantCulture, $"{_prefix}l{host}");

    private void Make()
    {
        Ip($"link add {Bridge} type bridge");
        Ip($"link set {Bridge} up");
        for (int host = 0; host < _count; host++)
        {
            Ip($"netns add {Name(host)}");
            Ip($"link add {Link(host)} type veth peer name eth0 netns {Name(host)}");
            Ip($"link set {Link(host)} master {Bridge} up");
            Ip($"-n {Name(host)} addr add {Address(host)}/24 dev eth0");
            Ip($"-n {Name(host)} link set eth0 up");
            Ip($"-n {Name(host)} link set lo up");
        }
    }

    private static void TryIp(string arguments)
    {
        try
        {
            Ip(arguments);
        }
        catch (InvalidOperationException)
        {
            // It was never made.
        }
    }

    private static void Ip(string arguments)
    {
        try
        {
            using var ip = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("ip", arguments)
            {
                RedirectStandardError = true,
            })!;
            string error = ip.StandardError.ReadToEnd();
            ip.WaitForExit();
            if (ip.ExitCode != 0) throw new InvalidOperationException($"ip {arguments}: {error.Trim()}");
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            throw new InvalidOperationException($"ip: {error.Message}", error);
        }
    }
}
