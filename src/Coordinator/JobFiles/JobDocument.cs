using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Probes;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Options;

namespace ActorHutch.Coordinator.JobFiles;

/// <summary>
/// A whole job: what is computed, and how it is run. This is what a job file holds, what <c>--print-job</c> writes, and
/// what every report carries.
/// </summary>
/// <param name="Spec">What is computed.</param>
/// <param name="Settings">How it is run.</param>
[JsonConverter(typeof(Converter))]
internal sealed record JobDocument(JobSpec Spec, ExecutionSettings Settings)
{
    /// <summary>Where it is run, and what becomes of it.</summary>
    public RunOptions Run { get; init; } = new();

    /// <summary>What <c>actorhutch accuracy</c> runs of it.</summary>
    public AccuracyPlan Accuracy { get; init; } = new();

    /// <summary>Whether somebody said how many probes, so that no default may take their place.</summary>
    public bool ProbesGiven { get; init; } = true;

    /// <summary>Whether somebody said where probes are drawn, be it <c>auto</c>.</summary>
    public bool SpaceGiven { get; init; } = true;

    /// <summary>Whether somebody said how much of the matrix.</summary>
    public bool StructureGiven { get; init; } = true;

    /// <summary>
    /// Whether the number type is <c>auto</c>: the job is run in single precision, as its spec says, and in double precision where
    /// that is not precise enough.
    /// </summary>
    public bool PicksPrecision { get; init; }

    /// <summary>A job of which nobody has said anything.</summary>
    public static JobDocument Default { get; } =
        new(new JobSpec { ProbeSpace = null }, new ExecutionSettings()) { ProbesGiven = false, SpaceGiven = false, StructureGiven = false };

    /// <summary>The job with the defaults that depend on what else was said.</summary>
    public JobDocument Completed()
    {
        var spec = Spec;
        var estimator = spec.Estimator;
        if (!ProbesGiven && estimator.UsualProbes is { } usual) spec = spec with { Probes = usual };
        else if (!ProbesGiven && spec.RelativeError is not null) spec = spec with { Probes = JobSpec.DefaultProbesToTarget };
        if (!StructureGiven) spec = spec with { Structure = estimator.UsualStructure };
        if (spec.Risk.Shard is null && estimator.UsualShard is { } shard) spec = spec with { Risk = spec.Risk with { Shard = shard } };
        if (estimator.RunsLanczos) spec = spec with { RelativeError = null };
        if (estimator.IsInParameterSpace) spec = spec with { ProbeSpace = ProbeSpace.Parameter };
        // Of the example people see the classical estimator.
        if (!SpaceGiven && spec.Risk.IsBuiltIn && estimator == Estimator.Hutchinson) spec = spec with { ProbeSpace = ProbeSpace.Parameter };
        return this with { Spec = spec };
    }

    /// <summary>The document, a field a line.</summary>
    public override string ToString() => Write(JobOptions.All);

    /// <summary>The same of other options.</summary>
    public string Write(IEnumerable<OptionEntry<JobDocument>> entries) => Fields(JobOptions.OfFiles(entries)).ToJsonString(Indented);

    /// <summary>
    /// What the result depends on, in one line: fields in a fixed order, those that are null left out, so that a field
    /// which is new changes nothing for the jobs that do not use it.
    /// </summary>
    public static string Canonical(JobSpec spec)
    {
        // No result depends on where a file is.
        var risk = spec.Risk.WithFiles((_, file) => file with { Path = null });
        return new JobDocument(spec with { Risk = risk }, new ExecutionSettings()).Fields(JobOptions.All.Where(entry => entry.ShowsInResult)).ToJsonString();
    }

    /// <summary>SHA-256 of <see cref="Canonical"/>, in lower-case hexadecimal: the job's name.</summary>
    public static string Hash(JobSpec spec) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Canonical(spec))));

    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        // It is for people and for files, and part of no page.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The values of some options; what nobody has said is at its default, with or without a null.</summary>
    private JsonObject Fields(IEnumerable<OptionEntry<JobDocument>> entries) => new(
        from entry in entries
        let value = entry.WriteJson(this)
        where value is not null
        select KeyValuePair.Create(entry.Field, (JsonNode?)value));

    private sealed class Converter : JsonConverter<JobDocument>
    {
        public override JobDocument Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            throw new NotSupportedException($"{nameof(JobFile)} reads jobs, and says what is wrong with them.");

        public override void Write(Utf8JsonWriter writer, JobDocument value, JsonSerializerOptions options) =>
            value.Fields(JobOptions.OfFiles()).WriteTo(writer, options);
    }
}
