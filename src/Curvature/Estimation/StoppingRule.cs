namespace ActorHutch.Curvature.Estimation;

/// <summary>
/// Whether an estimate is good enough to stop: its confidence interval's half-width is at most a stated share of it.
/// </summary>
/// <remarks>
/// Never before <see cref="MinimumProbes"/>: with a few probes the interval itself is a guess, and looking at it often
/// finds a lucky one.
/// </remarks>
public static class StoppingRule
{
    /// <summary>The fewest probes that may be enough.</summary>
    public const int MinimumProbes = 30;

    /// <summary>Whether the estimate's relative error is at most the one asked for.</summary>
    /// <param name="estimate">The estimate, with the interval that is looked at.</param>
    /// <param name="relativeError">The share of the trace, such as 0.01.</param>
    public static bool IsSatisfied(TraceEstimate estimate, double relativeError)
    {
        ArgumentNullException.ThrowIfNull(estimate);
        return estimate.Probes >= MinimumProbes
            && estimate.Confidence.HalfWidth <= relativeError * Math.Abs(estimate.Trace);
    }

    /// <summary>
    /// Whether no number of probes will do, since rounding alone is more than what is asked for, however large the trace may
    /// be within its interval.
    /// </summary>
    /// <param name="estimate">The estimate so far.</param>
    /// <param name="relativeError">The share of the trace, such as 0.01.</param>
    public static bool IsOutOfReach(TraceEstimate estimate, double relativeError)
    {
        ArgumentNullException.ThrowIfNull(estimate);
        return estimate is { Probes: >= MinimumProbes, Rounding: { } rounding }
            && rounding.Bound > relativeError * (Math.Abs(estimate.Trace) + estimate.StatisticalHalfWidth);
    }

    /// <summary>
    /// About how many probes it will take, since the half-width, less what rounding adds to it, goes with 1/√V; not a number
    /// where nobody can tell.
    /// </summary>
    /// <param name="estimate">The estimate so far.</param>
    /// <param name="relativeError">The share of the trace, such as 0.01.</param>
    public static double ProbesNeeded(TraceEstimate estimate, double relativeError)
    {
        ArgumentNullException.ThrowIfNull(estimate);
        double allowed = relativeError * Math.Abs(estimate.Trace) - (estimate.Rounding?.Bound ?? 0);
        double times = allowed > 0 ? estimate.StatisticalHalfWidth / allowed : double.NaN;
        return Math.Max(MinimumProbes, estimate.Probes * times * times);
    }
}
