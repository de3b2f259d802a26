using ActorHutch.Coordinator.Actors;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Statistics;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Reports;

/// <summary>Whether single precision is enough for what a job asks for.</summary>
internal static class PrecisionRule
{
    private const double ShownError = 5e-6;

    /// <summary>Before the job's own probes are known, by those that were computed in both precisions.</summary>
    public static bool IsRelevant(JobSpec spec, RoundingError rounding) => spec.Kind == JobKind.Exact
        ? rounding.IsRelevantForExact(rounding.Sample.Mean)
        : rounding.IsRelevantBeside(Expected(spec, rounding.Sample));

    /// <summary>Beside what an estimate came to.</summary>
    public static bool IsRelevant(TraceEstimate estimate) =>
        estimate.Rounding?.IsRelevantBeside(estimate.StatisticalHalfWidth) ?? false;

    /// <summary>Whether an exact trace in an estimate's precision is right to the six digits that are shown of it.</summary>
    public static bool IsEnoughBeside(JobResult result) =>
        result.Estimate is not { Rounding: { } rounding, Trace: var trace } || rounding.Bound <= ShownError * Math.Abs(trace);

    /// <summary>Beside an exact trace.</summary>
    public static bool IsRelevant(ExactTrace exact) => exact.Rounding?.IsRelevantForExact(exact.Trace) ?? false;

    /// <summary>Why single precision is not enough, and what is; a sentence or two.</summary>
    public static string Message(JobSpec spec, RoundingError rounding, double trace)
    {
        string share = $"The rounding error of float32 is up to {Figures.Significant(100 * rounding.Bound / Math.Abs(trace), 2)} % of the trace";
        string asked = spec.RelativeError is { } error && spec.Kind == JobKind.Estimate
            ? $", and {Figures.Significant(100 * error, 3)} % is asked for"
            : "";
        return $"{share}{asked}: it takes --dtype float64.";
    }

    /// <summary>The half-width that the job is expected to come to.</summary>
    private static double Expected(JobSpec spec, Moments sample) => spec.RelativeError is { } error
        ? error * Math.Abs(sample.Mean)
        : ConfidenceInterval.ForMean(
            new Moments(spec.Probes, sample.Mean, sample.Variance * (spec.Probes - 1)), spec.ConfidenceLevel).HalfWidth;
}
