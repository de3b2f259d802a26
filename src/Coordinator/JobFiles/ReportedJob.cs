using System.Globalization;
using System.Text.Json;

namespace ActorHutch.Coordinator.JobFiles;

/// <summary>The job of a report, to be run again: with the same numbers, and beside the report that is there.</summary>
internal static class ReportedJob
{
    private const char BeforeNumber = '-';

    /// <summary>The job as it is run again.</summary>
    /// <param name="job">What the report says of it.</param>
    /// <param name="report">The report's file, as it was named.</param>
    /// <param name="startedIn">Where the program was started, seen from the report's folder; null where it does not say.</param>
    /// <returns>
    /// The job without what belonged to that run: its page, its state directory, TensorBoard's folder. Its report comes into a folder that is
    /// not there yet. Files that were named from where the program was started are found from here, as long as the report lies where it was written.
    /// </returns>
    public static JobDocument Again(JobDocument job, string report, string? startedIn)
    {
        var run = job.Run with { Dashboard = null, State = null, TensorBoard = null };
        if (!run.Cluster) run = run with { Node = RunOptions.DefaultNode };
        string folder = Path.GetDirectoryName(Path.GetFullPath(report))!;
        string start = startedIn is null ? Environment.CurrentDirectory : Path.GetFullPath(Path.Combine(folder, startedIn));
        // The JSON on standard output is the same as that in the folder, and may lie elsewhere.
        if (run.Out is null || Absolute(start, run.Out) != folder) start = Environment.CurrentDirectory;

        string FromHere(string path) => Path.IsPathRooted(path) || start == Environment.CurrentDirectory
            ? path : Path.GetRelativePath(Environment.CurrentDirectory, Absolute(start, path));
        if (run.Out is { } there && Directory.Exists(Absolute(start, there))) run = run with { Out = Beside(FromHere(there)) };
        else if (run.Out is { } free) run = run with { Out = FromHere(free) };
        return job with
        {
            Run = run,
            Spec = job.Spec with { Risk = job.Spec.Risk.WithFiles((_, file) => file.Path is { } path ? file with { Path = FromHere(path) } : file) },
        };
    }

    /// <summary>Where a report's folder says that the program was started; null where it does not.</summary>
    public static string? StartedIn(JsonElement report) =>
        report.TryGetProperty("run", out var run) && run.ValueKind == JsonValueKind.Object
        && run.TryGetProperty("startedIn", out var folder) && folder.ValueKind == JsonValueKind.String
            ? folder.GetString() : null;

    /// <summary>A folder beside one that is there: report-2 beside report, report-3 beside both.</summary>
    private static string Beside(string path)
    {
        string full = Absolute(Environment.CurrentDirectory, path);
        int dash = full.LastIndexOf(BeforeNumber);
        // The report that is run again may have been one of these.
        bool numbered = dash > 0 && int.TryParse(full.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _) && Directory.Exists(full[..dash]);
        string first = numbered ? full[..dash] : full;
        string beside = Enumerable.Range(2, int.MaxValue - 2)
            .Select(number => string.Create(CultureInfo.InvariantCulture, $"{first}{BeforeNumber}{number}"))
            .First(name => !Path.Exists(name));
        return Path.IsPathRooted(path) ? beside : Path.GetRelativePath(Environment.CurrentDirectory, beside);
    }

    private static string Absolute(string start, string path) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(Path.Combine(start, path)));
}
