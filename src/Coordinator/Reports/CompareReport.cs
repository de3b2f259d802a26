using System.Text.Json.Serialization;
using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Reports;

/// <summary>How the contenders did, as <c>--json</c> writes it. Times are seconds and leave set-up out.</summary>
/// <param name="ExactTrace">The exact trace, where it was computed.</param>
/// <param name="Rounding">What rounding adds to the exact trace; null in double precision, or where none was computed.</param>
/// <param name="Rows">The contenders, in the order in which they ran.</param>
/// <param name="Workers">How many workers computed.</param>
/// <param name="Interrupted">Whether the user stopped it; contenders that had not begun are left out.</param>
/// <param name="Model">What model; null where no contender got as far as having one.</param>
/// <param name="Job">What the contenders have in common.</param>
/// <param name="Run">When and where.</param>
/// <param name="Versions">Which software.</param>
internal sealed record CompareReport(
    double? ExactTrace, RoundingReport? Rounding, IReadOnlyList<CompareRow> Rows, int Workers, bool Interrupted, ReplicaDescription? Model,
    JobDocument Job, RunReport Run, VersionReport Versions)
{
    /// <summary>The report's file.</summary>
    public const string Json = "compare.json";

    /// <summary>The table's file.</summary>
    public const string Csv = "compare.csv";

    /// <summary>The contenders that have figures.</summary>
    [JsonIgnore]
    public IEnumerable<CompareRow> Measured =>
        Rows.Where(row => row is { ProbesPerSecond: > 0, SecondsToTarget: > 0 and < double.PositiveInfinity });

    /// <summary>The one that takes the least time to <see cref="CompareRow.Target"/>; null where none has figures.</summary>
    [JsonIgnore]
    public CompareRow? Soonest => Measured.MinBy(row => row.SecondsToTarget);
}

/// <summary>One contender. Its figures are null where there are none, and <see cref="Error"/> says why; it also says
/// where they rest on fewer probes than asked for.</summary>
internal sealed record CompareRow
{
    /// <summary>The relative standard error that the contenders are to reach.</summary>
    public const double Target = 0.01;

    public required string Method { get; init; }

    public required string Structure { get; init; }

    public required string ProbeSpace { get; init; }

    /// <summary>Probes in a chunk.</summary>
    public required int VBatch { get; init; }

    public double? Trace { get; init; }

    public double? StandardError { get; init; }

    /// <summary>The standard deviation of one probe's vᵀHv, as a share of the trace.</summary>
    public double? ProbeSpread { get; init; }

    public double? ElapsedSeconds { get; init; }

    public double? ProbesPerSecond { get; init; }

    /// <summary>Probes per second, as a multiple of the first contender's.</summary>
    public double? SpeedUp { get; init; }

    /// <summary>Probes to a relative standard error of <see cref="Target"/>: (s / (Target · |trace|))².</summary>
    public double? ProbesToTarget { get; init; }

    /// <summary>The time that these probes take at this contender's speed.</summary>
    public double? SecondsToTarget { get; init; }

    public string? Error { get; init; }

    /// <summary>A contender's row.</summary>
    /// <param name="result">What its job came to.</param>
    /// <param name="baseline">Probes per second of the first contender; null where it has none.</param>
    public static CompareRow Of(JobResult result, double? baseline)
    {
        var spec = result.Spec;
        var row = new CompareRow
        {
            Method = spec.Method!.Value.Word(),
            Structure = spec.Structure.Word(),
            ProbeSpace = Terms.Space(spec),
            VBatch = spec.ChunkSize,
            Error = result.Succeeded
                ? null
                : result.Outcome.Message ?? $"interrupted after {Figures.Count(result.Probes, "probe")}",
        };
        if (result.Estimate is not { } estimate) return row;

        double spread = Math.Sqrt(estimate.ProbeVariance) / Math.Abs(estimate.Trace);
        double probesToTarget = spread / Target * (spread / Target);
        return row with
        {
            Trace = estimate.Trace,
            StandardError = estimate.StandardError,
            ProbeSpread = spread,
            ElapsedSeconds = result.Elapsed.TotalSeconds,
            ProbesPerSecond = result.ProbesPerSecond,
            SpeedUp = result.ProbesPerSecond / (baseline ?? double.NaN),
            ProbesToTarget = probesToTarget,
            SecondsToTarget = probesToTarget / result.ProbesPerSecond,
        };
    }
}
