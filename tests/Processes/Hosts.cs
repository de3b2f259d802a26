using System.Globalization;

namespace ActorHutch.Processes;

/// <summary>
/// Hosts of their own: network namespaces, each with one link to a common switch. The first is the coordinator's.
/// </summary>
internal sealed class Hosts : IDisposable
{
    private readonly Subnet _subnet;
    private readonly string _prefix;
    private int _count;

    private Hosts(Subnet subnet)
    {
        _subnet = subnet;
        _prefix = string.Create(CultureInfo.InvariantCulture, $"{subnet.Name}{Environment.ProcessId % 100_000}");
    }

    private string Bridge => $"{_prefix}br";

    /// <summary>Makes hosts, or skips the test where that cannot be done.</summary>
    public static Hosts MakeOrSkip(Subnet subnet, int count)
    {
        var hosts = new Hosts(subnet);
        try
        {
            Ip($"link add {hosts.Bridge} type bridge");
            Ip($"link set {hosts.Bridge} up");
            for (int host = 0; host < count; host++) hosts.Add();
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
    public string Address(int host) => _subnet.Address(host);

    /// <summary>Makes another host, and returns its number.</summary>
    public int Add()
    {
        int host = _count++;
        Ip($"netns add {Name(host)}");
        Ip($"link add {Link(host)} type veth peer name eth0 netns {Name(host)}");
        Ip($"link set {Link(host)} master {Bridge} up");
        // An IPv6 address is usable at once: there is nobody to ask whether it is taken.
        Ip($"-n {Name(host)} addr add {Address(host)}/{_subnet.Bits} dev eth0{(_subnet.IsIpv6 ? " nodad" : "")}");
        Ip($"-n {Name(host)} link set eth0 up");
        Ip($"-n {Name(host)} link set lo up");
        return host;
    }

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
