using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using ActorHutch.Curvature.Data;
using ActorHutch.Shared.Jobs;

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
    public static JobFile Read(string path)
    {
        try
        {
            ReadOnlyMemory<byte> text = RegularFile.ReadAll(path, MaxBytes);
            if (text.Span.StartsWith(Encoding.UTF8.Preamble)) text = text[Encoding.UTF8.Preamble.Length..];
            if (!Utf8.IsValid(text.Span)) return Broken(path, $"{path}: is not in UTF-8: save it as such.");
            using var json = JsonDocument.Parse(text, Options);
            return Read(path, json.RootElement);
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
    public IEnumerable<string> Misplaced(RunOptions run) => run.Cluster ? [] : RunFields.OfCluster
        .Where(one => one.Write(Job) is not null && !(one.Name == "insecure" && run.Dashboard is not null))
        .Select(one => $"{Path}: {one.Name} has no meaning without \"cluster\": true, or --cluster.");

    /// <summary>Whether a problem is one of a value that stands in the file.</summary>
    /// <param name="problem">The problem.</param>
    /// <returns>The line for it; null where the file is not to blame.</returns>
    public string? Describe(Problem problem)
    {
        var field = JobField.All.FirstOrDefault(field => field.Option == problem.Field);
        return field is not null && Fields.Contains(field.Name)
            ? $"{Path}: {field.Name} {problem.Value}: {problem.Right}."
            : null;
    }

    private static JobFile Read(string path, JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object) return Broken(path, $"{path}: must be a JSON object with a job's fields.");

        // A report: what it found is not for reading, what was computed is.
        bool report = root.TryGetProperty("job", out var inner) && root.TryGetProperty("versions", out _);
        if (report && inner.ValueKind != JsonValueKind.Object)
            return Broken(path, $"{path}: job must be an object with a job's fields.");

        var job = JobDocument.Default;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var fields = new HashSet<string>(StringComparer.Ordinal);
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
            var field = JobField.All.FirstOrDefault(field => field.Name == property.Name);
            if (field is null)
            {
                problems.Add($"{path}: {property.Name} is not a field of a job, which has {Known}.");
                continue;
            }

            if (!seen.Add(field.Name)) problems.Add($"{path}: {field.Name} is there twice: once must do.");
            if (property.Value.ValueKind == JsonValueKind.Null) continue;
            try
            {
                if (field.Read(property.Value, job) is { } read)
                {
                    job = read;
                    fields.Add(field.Name);
                }
                else
                {
                    problems.Add($"{path}: {field.Name} {Shown(property.Value)}: {field.Right}.");
                }
            }
            catch (InvalidOperationException)
            {
                problems.Add($"{path}: {field.Name}: holds half of a surrogate pair, such as \\ud800, which is no text.");
            }
        }

        return new JobFile(path, job, fields, problems);
    }

    private static string Known => string.Join(", ", JobField.All.Select(one => one.Name));

    private static string Shown(JsonElement value)
    {
        string text = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        return text.Length <= 60 ? text : text[..60] + "…";
    }

    private static JobFile Broken(string path, string problem) =>
        new(path, JobDocument.Default, new HashSet<string>(), [problem]);
}
