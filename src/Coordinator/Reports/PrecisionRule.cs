using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Reports;

/// <summary>Whether single precision is enough for what a job asks for.</summary>
internal static class PrecisionRule
{
    private const double ShownError = 5e-6;

    /// <summary>Before the job's own probes are known, by those that were computed in both precisions.</summary>
    public static bool IsRelevant(JobSpec spec, RoundingError rounding) => rounding.IsRelevantBeside(
        spec.Estimator.ExpectedHalfWidth(rounding.Sample, spec.Probes, spec.ConfidenceLevel, spec.RelativeError));

    /// <summary>Whether an exact trace in an estimate's precision is right to the six digits that are shown of it.</summary>
    public static bool IsEnoughBeside(JobResult result) =>
        // Of products the rounding is not known.
        !result.Spec.Estimator.TakesTurns && (result.Estimate is not { Rounding: { } rounding, Trace: var trace } || rounding.Bound <= ShownError * Math.Abs(trace));

    /// <summary>Why single precision is not enough, and what is; a sentence or two.</summary>
    public static string Message(JobSpec spec, RoundingError rounding, double trace)
    {
        string share = $"The rounding error of float32 is up to {Figures.Significant(100 * rounding.Bound / Math.Abs(trace), 2)} % of the trace";
        string asked = spec.Target is { } error ? $", and {Figures.Significant(100 * error, 3)} % is asked for" : "";
        return $"{share}{asked}: use --dtype float64.";
    }
}
