using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Shared.Options;

namespace ActorHutch.Coordinator.Tests.JobFiles;

/// <summary>The table of options in the documentation of job files.</summary>
internal static class OptionTableText
{
    /// <summary>Its first line.</summary>
    public const string Head = "| field | what it is | values | default | commands |\n";

    public static string Of(IEnumerable<OptionEntry<JobDocument>> entries) => Head + "|---|---|---|---|---|\n" + string.Concat(
        JobOptions.OfFiles(entries).Select(entry => $"| `{entry.Field}` | {entry.Description} | {Values(entry.Right)} | {entry.Default} | {Commands(entry)} |\n"));

    private static string Commands(OptionEntry entry) => entry.Commands is { } commands ? string.Join(", ", commands) : "all";

    private static string Values(string right) => right.StartsWith("must be ", StringComparison.Ordinal) ? right["must be ".Length..] : right;
}
