using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Serialization;

namespace ActorHutch.Coordinator.Reports;

/// <summary>When and where a report came about. No result depends on it.</summary>
/// <param name="Started">When the program started: ISO 8601, with the zone.</param>
/// <param name="TotalSeconds">From there to the report, before its pictures are drawn and its files written.</param>
/// <param name="StartSeconds">The first part of that: until the first job begins. The command line is read, the files that it names are hashed, the node starts.</param>
/// <param name="StartedIn">The folder in which the program was started, seen from the report's; null without one. Files are named from there.</param>
/// <param name="Machine">The coordinator's machine; workers name their devices.</param>
internal sealed record RunReport(string Started, double TotalSeconds, double StartSeconds, string? StartedIn, MachineReport Machine)
{
    /// <summary>What of the job's set-up and elapsed time was in earlier runs; 0 where there were none.</summary>
    public double EarlierSeconds { get; init; }
}

/// <summary>A machine, without a name that would tell whose it is.</summary>
/// <param name="Processor">Its processor, as it names itself; its architecture where it does not.</param>
/// <param name="Processors">How many logical ones this process may use.</param>
/// <param name="OperatingSystem">The operating system and its version.</param>
internal sealed record MachineReport(string Processor, int Processors, string OperatingSystem)
{
    private const string ProcessorsFile = "/proc/cpuinfo", NameField = "model name";

    /// <summary>Of this process.</summary>
    public static MachineReport Current { get; } = new(NameOfProcessor(), Environment.ProcessorCount, RuntimeInformation.OSDescription);

    /// <summary>For people.</summary>
    [JsonIgnore]
    public string Text => $"{Processor}, {Figures.Count(Processors, "processor")}, {OperatingSystem}";

    private static string NameOfProcessor()
    {
        string? line = File.Exists(ProcessorsFile)
            ? File.ReadLines(ProcessorsFile).FirstOrDefault(line => line.StartsWith(NameField, StringComparison.Ordinal))
            : null;
        string? name = line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
        return string.IsNullOrEmpty(name) ? RuntimeInformation.ProcessArchitecture.ToString() : name;
    }
}

/// <summary>Measures a run of the program.</summary>
/// <param name="before">How long it has run already.</param>
internal sealed class RunClock(TimeSpan before = default)
{
    private readonly long _since = TimeProvider.System.GetTimestamp();
    private readonly DateTimeOffset _started = DateTimeOffset.Now - before;
    private TimeSpan? _start;

    /// <summary>Of this process, from its start on.</summary>
    public static RunClock OfProcess()
    {
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        var before = DateTime.Now - process.StartTime;
        // Somebody may have set the clock meanwhile.
        return new RunClock(before > TimeSpan.Zero ? before : TimeSpan.Zero);
    }

    /// <summary>The first job begins.</summary>
    public void JobBegins() => _start ??= Total;

    /// <summary>What there is to report now.</summary>
    /// <param name="folder">The report's folder; null for none.</param>
    public RunReport Report(string? folder) => new(
        _started.ToString("yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture), Total.TotalSeconds, (_start ?? Total).TotalSeconds,
        folder is null ? null : Path.GetRelativePath(folder, "."), MachineReport.Current);

    private TimeSpan Total => before + TimeProvider.System.GetElapsedTime(_since);
}
