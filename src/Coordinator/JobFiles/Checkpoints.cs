using System.IO.Enumeration;
using System.Text.RegularExpressions;

namespace ActorHutch.Coordinator.JobFiles;

/// <summary>The weights of a model along its training: a list of files and patterns, with commas between them, in the place of one file.</summary>
internal static partial class Checkpoints
{
    private const string Wildcards = "*?";

    /// <summary>The files that a list or a pattern stands for, those of a pattern by the numbers in their names; null where it is one file's name.</summary>
    /// <param name="weights">What is said of the weights.</param>
    public static IReadOnlyList<string>? Of(string weights)
    {
        if (File.Exists(weights) || weights.IndexOfAny([.. Wildcards, ',']) < 0) return null;
        return [.. weights.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).SelectMany(Expanded)];
    }

    /// <summary>The last number in a checkpoint's name, or in its folder's where it has none: the step, as a rule; null where there is none.</summary>
    public static long? StepOf(string file) =>
        Numbers().Matches(file) is [.., var last] && long.TryParse(last.ValueSpan, out long step) ? step : null;

    private static IEnumerable<string> Expanded(string pattern)
    {
        if (pattern.IndexOfAny([.. Wildcards]) < 0) return [pattern];
        string root = Path.GetPathRoot(pattern)!;
        IEnumerable<string> found = [root];
        string[] parts = pattern[root.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries);
        for (int i = 0; i < parts.Length; i++)
        {
            bool isLast = i == parts.Length - 1;
            string part = parts[i];
            found = part.IndexOfAny([.. Wildcards]) < 0
                ? found.Select(folder => Path.Combine(folder, part)).Where(path => isLast ? File.Exists(path) : Directory.Exists(path))
                : found.SelectMany(folder => Matching(folder, part, isLast));
        }

        // By their numbers: step-9 is before step-10.
        return found.OrderBy(path => Numbers().Replace(path, number => number.Value.PadLeft(20, '0')), StringComparer.Ordinal);
    }

    private static IEnumerable<string> Matching(string folder, string pattern, bool files)
    {
        var entries = new DirectoryInfo(folder.Length == 0 ? "." : folder);
        return (files ? entries.EnumerateFiles() : (IEnumerable<FileSystemInfo>)entries.EnumerateDirectories())
            .Where(entry => FileSystemName.MatchesSimpleExpression(pattern, entry.Name, ignoreCase: false) && (pattern[0] == '.' || entry.Name[0] != '.'))
            .Select(entry => Path.Combine(folder, entry.Name));
    }

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Numbers();
}
