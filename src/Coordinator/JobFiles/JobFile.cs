using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using ActorHutch.Curvature.Data.Bytes;
using ActorHutch.Shared.Options;

namespace ActorHutch.Coordinator.JobFiles;

/// <summary>A job read from a file: a job file, or a report, whose job it is then.</summary>
/// <param name="Path">The file, as it was named.</param>
/// <param name="Job">The job, as far as it could be understood; what the file does not say is at its default.</param>
/// <param name="Fields">The fields that the file gives a value to.</param>
/// <param name="Problems">Everything that is wrong with the file, a line each.</param>
internal sealed record JobFile(
    string Path, JobDocument Job, IReadOnlySet<string> Fields, IReadOnlyList<string> Problems)
{
    /// <summary>More than any job takes; the report of a thousand workers is well below.</summary>
    private const int MaxBytes = 16 << 20;

    private const int MostProblems = 50;

    private static readonly JsonDocumentOptions Options =
        new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>Reads a file. What cannot be read is among the problems.</summary>
    /// <param name="path">The file.</param>
    /// <param name="entries">The options there are; null for all.</param>
    public static JobFile Read(string path, IReadOnlyList<OptionEntry<JobDocument>>? entries = null)
    {
        try
        {
            ReadOnlyMemory<byte> text = RegularFile.ReadAll(path, MaxBytes);
            if (text.Span.StartsWith(Encoding.UTF8.Preamble)) text = text[Encoding.UTF8.Preamble.Length..];
            if (!Utf8.IsValid(text.Span)) return Broken(path, $"{path}: is not in UTF-8: save it as such.");
            using var json = JsonDocument.Parse(text, Options);
            return Read(path, json.RootElement, [.. JobOptions.OfFiles(entries)]);
        }
        catch (JsonException error)
        {
            long line = (error.LineNumber ?? 0) + 1, column = (error.BytePositionInLine ?? 0) + 1;
            return Broken(path, string.Create(System.Globalization.CultureInfo.InvariantCulture,
                $"{path}: is not JSON: see line {line}, byte {column}."));
        }
        catch (InvalidOperationException)
        {
            return Broken(path, $"{path}: names a field by half of a surrogate pair, such as \\ud800, which is no text.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return Broken(path, $"--job {path}: must be a file that can be read: {error.Message.TrimEnd('.')}.");
        }
    }

    /// <summary>What it says of a cluster that it does not ask for, a line each.</summary>
    /// <param name="run">What is asked for: by this file and by options.</param>
    public IEnumerable<string> Misplaced(RunOptions run) => run.Cluster ? [] : JobOptions.OfCluster
        .Where(one => one.Write(Job) is not null && !(one.Name == "insecure" && run.Dashboard is not null))
        .Select(one => $"{Path}: {one.Field} has no meaning without \"cluster\": true, or --cluster.");

    /// <summary>Whether a problem is one of a value that stands in the file.</summary>
    /// <param name="problem">The problem.</param>
    /// <returns>The line for it; null where the file is not to blame.</returns>
    public string? Describe(Problem problem)
    {
        var entry = JobOptions.All.FirstOrDefault(entry => entry.Name == problem.Field);
        return entry is not null && Fields.Contains(entry.Field)
            ? $"{Path}: {entry.Field} {problem.Value}: {problem.Right}."
            : null;
    }

    private static JobFile Read(string path, JsonElement root, IReadOnlyList<OptionEntry<JobDocument>> entries)
    {
        if (root.ValueKind != JsonValueKind.Object) return Broken(path, $"{path}: must be a JSON object with a job's fields.");

        // A report: what it found is not for reading, what was computed is.
        bool report = root.TryGetProperty("job", out var inner) && root.TryGetProperty("versions", out _);
        if (report && inner.ValueKind != JsonValueKind.Object)
            return Broken(path, $"{path}: job must be an object with a job's fields.");

        var seen = new HashSet<string>(StringComparer.Ordinal);
        var values = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        var problems = new List<string>();
        foreach (var property in (report ? inner : root).EnumerateObject())
        {
            if (problems.Count >= MostProblems)
            {
                problems.Add($"{path}: has more that is wrong.");
                break;
            }

            // What editors complete a job file by.
            if (property.Name == JobSchema.Reference) continue;
            var entry = entries.FirstOrDefault(entry => entry.Field == property.Name);
            if (entry is null)
            {
                string known = string.Join(", ", entries.Select(one => one.Field));
                problems.Add($"{path}: {property.Name} is not a field of a job, which has {known}.");
                continue;
            }

            if (!seen.Add(entry.Field)) problems.Add($"{path}: {entry.Field} is given twice: give it once.");
            // An empty list says no more than a null.
            if (property.Value.ValueKind == JsonValueKind.Null || property.Value is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() == 0) continue;
            try
            {
                if (entry.Read(JobDocument.Default, property.Value) is not null) values[entry.Field] = property.Value;
                else problems.Add($"{path}: {entry.Field} {Shown(property.Value)}: {entry.Right}.");
            }
            catch (InvalidOperationException)
            {
                problems.Add($"{path}: {entry.Field}: holds half of a surrogate pair, such as \\ud800, which is no text.");
            }
        }

        // In the options' order, not the file's: a file's hash goes to its path, whichever of them is said first.
        var job = entries.Where(entry => values.ContainsKey(entry.Field))
            .Aggregate(JobDocument.Default, (job, entry) => entry.Read(job, values[entry.Field])!);
        return new JobFile(path, report ? ReportedJob.Again(job, path, ReportedJob.StartedIn(root)) : job, values.Keys.ToHashSet(), problems);
    }

    private static string Shown(JsonElement value)
    {
        string text = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        return text.Length <= 60 ? text : text[..60] + "…";
    }

    private static JobFile Broken(string path, string problem) =>
        new(path, JobDocument.Default, new HashSet<string>(), [problem]);
}
