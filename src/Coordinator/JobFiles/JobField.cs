using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.JobFiles;

/// <summary>One field of a job file: how it is read, how it is written, and what is right for it.</summary>
/// <param name="Name">Its name: the option's, in camel case.</param>
/// <param name="Option">The option's name without dashes.</param>
/// <param name="Right">What would be right, as the end of a sentence.</param>
/// <param name="ShowsInResult">Whether a result depends on it.</param>
/// <param name="Read">The job with the value in place; null where the value is not right.</param>
/// <param name="Write">The value; null where there is none.</param>
internal sealed record JobField(
    string Name,
    string Option,
    string Right,
    bool ShowsInResult,
    Func<JsonElement, JobDocument, JobDocument?> Read,
    Func<JobDocument, JsonNode?> Write)
{
    /// <summary>What JSON it is, as a JSON schema says it.</summary>
    public required Func<JsonObject> Schema { get; init; }

    /// <summary>Whether a job's value says where a file is, on which no result depends.</summary>
    public Func<JobDocument, bool> IsPath { get; init; } = _ => false;

    /// <summary>Every field, in the order in which they are written.</summary>
    public static IReadOnlyList<JobField> All { get; } =
    [
        Word("kind", "kind", new Choice<JobKind>(), job => job.Spec.Kind, (job, kind) => job.With(job.Spec with { Kind = kind })),
        .. RiskFields.All,
        Word("matrix", "matrix", Choices.Matrix, job => job.Spec.Matrix, (job, matrix) => job.With(job.Spec with { Matrix = matrix })),
        Word("structure", "structure", Choices.Structure, job => job.Spec.Structure,
            (job, structure) => job.With(job.Spec with { Structure = structure })),
        Word("method", "method", Choices.Method, job => job.Spec.Method,
            (job, method) => job.With(job.Spec with { Method = method }), job => job.With(job.Spec with { Method = null })),
        Word("probeSpace", "probe-space", Choices.ProbeSpace, job => job.ProbeSpaceGiven ? job.Spec.ProbeSpace : null,
            (job, space) => job.With(job.Spec with { ProbeSpace = space }) with { ProbeSpaceGiven = true }),
        Word("distribution", "distribution", Choices.Distribution, job => job.Spec.Distribution,
            (job, distribution) => job.With(job.Spec with { Distribution = distribution })),
        Number<long>("probes", "probes", "must be a whole number, at least 1", job => job.Spec.Probes,
            (job, probes) => job.With(job.Spec with { Probes = probes }) with { ProbesGiven = true }),
        Number<int>("vBatch", "v-batch", "must be a whole number, at least 1, or auto", job => job.Spec.VBatch,
            (job, size) => job.With(job.Spec with { VBatch = size }), job => job.With(job.Spec with { VBatch = null })),
        Number<ulong>("seed", "seed", "must be a whole number from 0 to 2^64 − 1", job => job.Spec.Seed,
            (job, seed) => job.With(job.Spec with { Seed = seed })),
        Word("dtype", "dtype", Choices.Dtype, job => job.Spec.Dtype, (job, dtype) => job.With(job.Spec with { Dtype = dtype })),
        Number<double>("relativeError", "relative-error", "must lie between 0 and 1, such as 0.01 for 1 %",
            job => job.Spec.RelativeError, (job, error) => job.With(job.Spec with { RelativeError = error })),
        Number<double>("confidenceLevel", "confidence-level", "must lie between 0 and 1, such as 0.95",
            job => job.Spec.ConfidenceLevel, (job, level) => job.With(job.Spec with { ConfidenceLevel = level })),
        .. Settings(
        [
            Text("device", "device", "must be auto, cpu, cuda or cuda:I with a GPU's number I", job => job.Settings.Device,
                (job, device) => job.With(job.Settings with { Device = device })),
            Number<int>("workers", "workers", "must be a whole number, at least 1", job => job.Settings.Workers,
                (job, workers) => job.With(job.Settings with { Workers = workers })),
            Number<int>("threads", "threads", "must be a whole number, at least 1", job => job.Settings.ThreadsPerWorker,
                (job, threads) => job.With(job.Settings with { ThreadsPerWorker = threads })),
            Bytes("memoryBudget", "memory-budget", job => job.Settings.MemoryBudget,
                (job, bytes) => job.With(job.Settings with { MemoryBudget = bytes })),
            .. RunFields.All,
        ]),
    ];

    private static IEnumerable<JobField> Settings(params JobField[] fields) =>
        fields.Select(field => field with { ShowsInResult = false });

    /// <summary>A field that holds one of a few words.</summary>
    public static JobField Word<T>(
        string name, string option, Choice<T> choice, Func<JobDocument, T?> get, Func<JobDocument, T, JobDocument> set,
        Func<JobDocument, JobDocument>? auto = null)
        where T : struct, Enum => new(
            name, option, auto is null ? choice.Right : $"must be {Choices.Auto}, {choice.Right["must be ".Length..]}", true,
            (element, job) => element.ValueKind != JsonValueKind.String ? null
                : auto is not null && element.GetString() == Choices.Auto ? auto(job)
                : choice.TryParse(element.GetString(), out var value) ? set(job, value) : null,
            job => get(job)?.Word())
        {
            Schema = () => Words(auto is null ? choice.Words : [Choices.Auto, .. choice.Words]),
        };

    private static JsonObject Words(IEnumerable<string> words) =>
        new() { ["enum"] = new JsonArray([.. words.Select(word => JsonValue.Create(word))]) };

    /// <summary>The schema of a value of one of JSON's types.</summary>
    public static JsonObject OfType(string type) => new() { ["type"] = type };

    /// <summary>The schema of a whole number, or one of a few words.</summary>
    public static JsonObject NumberOr(params string[] words) =>
        new() { ["anyOf"] = new JsonArray(OfType("integer"), Words(words)) };

    /// <summary>A field that holds a number.</summary>
    public static JobField Number<T>(
        string name, string option, string right, Func<JobDocument, T?> get, Func<JobDocument, T, JobDocument> set,
        Func<JobDocument, JobDocument>? auto = null, Func<T, bool>? isRight = null)
        where T : struct, INumber<T> => new(
            name, option, right, true,
            (element, job) => element.ValueKind switch
            {
                // As the option reads it: 1e6 is a whole number.
                JsonValueKind.Number when T.TryParse(
                    element.GetRawText(), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) =>
                    isRight?.Invoke(value) == false ? null : set(job, value),
                JsonValueKind.String when auto is not null && element.GetString() == Choices.Auto => auto(job),
                _ => null,
            },
            job => get(job) is { } value ? JsonValue.Create(value) : null)
        {
            Schema = () => auto is null
                ? OfType(typeof(T) == typeof(double) ? "number" : "integer")
                : NumberOr(Choices.Auto),
        };

    /// <summary>A field that holds a text.</summary>
    public static JobField Text(
        string name, string option, string right, Func<JobDocument, string?> get, Func<JobDocument, string, JobDocument> set) =>
        new(
            name, option, right, true,
            (element, job) => element.ValueKind == JsonValueKind.String ? set(job, element.GetString()!) : null,
            job => get(job))
        {
            Schema = () => OfType("string"),
        };

    /// <summary>A field that holds true or false.</summary>
    public static JobField Flag(
        string name, string option, Func<JobDocument, bool> get, Func<JobDocument, bool, JobDocument> set) => new(
            name, option, "must be true or false", true,
            (element, job) => element.ValueKind is JsonValueKind.True or JsonValueKind.False ? set(job, element.GetBoolean()) : null,
            job => get(job) ? true : null)
        {
            Schema = () => OfType("boolean"),
        };

    /// <summary>A field that holds a value which people write as a text.</summary>
    public static JobField Parsed<T>(
        string name, string option, string right, Func<string, T?> parse, Func<JobDocument, T?> get,
        Func<JobDocument, T, JobDocument> set)
        where T : struct => new(
            name, option, right, true,
            (element, job) => element.ValueKind == JsonValueKind.String && parse(element.GetString()!) is { } value
                ? set(job, value) : null,
            job => get(job)?.ToString())
        {
            Schema = () => OfType("string"),
        };

    private static JobField Bytes(
        string name, string option, Func<JobDocument, long?> get, Func<JobDocument, long, JobDocument> set) => new(
            name, option, MemorySize.Right, true,
            (element, job) =>
                MemorySize.TryParse(element.ValueKind == JsonValueKind.String ? element.GetString() : element.GetRawText(), out long bytes)
                    ? set(job, bytes) : null,
            job => get(job) is { } bytes ? JsonValue.Create(bytes) : null)
        {
            Schema = () => new JsonObject { ["type"] = new JsonArray("integer", "string") },
        };
}

/// <summary>A document with one of its parts changed.</summary>
internal static class JobDocumentChanges
{
    public static JobDocument With(this JobDocument job, JobSpec spec) => job with { Spec = spec };

    public static JobDocument With(this JobDocument job, RiskSource risk) => job with { Spec = job.Spec with { Risk = risk } };

    public static JobDocument With(this JobDocument job, ExecutionSettings settings) => job with { Settings = settings };

    public static JobDocument With(this JobDocument job, RunOptions run) => job with { Run = run };
}
