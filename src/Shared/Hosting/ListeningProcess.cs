using System.Globalization;
using System.Net;

namespace ActorHutch.Shared.Hosting;

/// <summary>Who listens on a port of this machine.</summary>
/// <param name="Id">The process's number.</param>
/// <param name="Name">The program's file.</param>
internal sealed record ListeningProcess(int Id, string Name)
{
    /// <summary>The state of a socket that listens, in Linux's tables.</summary>
    private const string Listens = "0A";

    /// <summary>Who listens at an address; null where that cannot be found out, as for another user's process.</summary>
    public static ListeningProcess? At(HostPort address)
    {
        if (!Directory.Exists("/proc/self/net")) return null;
        try
        {
            var sockets = Sockets(address).ToHashSet();
            return sockets.Count == 0 ? null
                : Directory.EnumerateDirectories("/proc")
                    .Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int id) ? id : 0)
                    .Where(id => id > 0 && Owns(id, sockets))
                    .Select(Named)
                    .FirstOrDefault();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>As the subject of a sentence.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"process {Id} ({Name})");

    /// <summary>The sockets that listen at an address, as a process's folder of open files names them.</summary>
    private static IEnumerable<string> Sockets(HostPort wanted) =>
        from table in (string[])["/proc/self/net/tcp", "/proc/self/net/tcp6"]
        where File.Exists(table)
        from line in File.ReadLines(table).Skip(1)
        let columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        where columns.Length > 9 && columns[3] == Listens
        let local = columns[1].Split(':')
        where int.Parse(local[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture) == wanted.Port && IsIn(AddressOf(local[0]), wanted)
        select $"socket:[{columns[9]}]";

    private static bool IsIn(IPAddress bound, HostPort wanted) =>
        wanted.IsAny || bound.Equals(IPAddress.Any) || bound.Equals(IPAddress.IPv6Any)
        || !IPAddress.TryParse(wanted.Host, out var address) || bound.MapToIPv6().Equals(address.MapToIPv6());

    /// <summary>An address as Linux's tables write it: words of four bytes, each from its last byte on.</summary>
    private static IPAddress AddressOf(string text) =>
        new([.. Convert.FromHexString(text).Chunk(sizeof(int)).SelectMany(word => BitConverter.IsLittleEndian ? word.Reverse() : word)]);

    private static bool Owns(int process, HashSet<string> sockets)
    {
        try
        {
            return Directory.EnumerateFiles($"/proc/{process}/fd").Any(file => new FileInfo(file).LinkTarget is { } target && sockets.Contains(target));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Another user's, or it has ended.
            return false;
        }
    }

    private static ListeningProcess Named(int process)
    {
        string[] command = File.ReadAllText($"/proc/{process}/cmdline").Split('\0', StringSplitOptions.RemoveEmptyEntries);
        return new(process, command is [var host, var program, ..] && Path.GetFileName(host) == "dotnet"
            ? Path.GetFileNameWithoutExtension(program)
            : Path.GetFileName(command[0]));
    }
}
