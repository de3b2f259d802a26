namespace ActorHutch.Curvature.Estimation;

/// <summary>
/// Whether an estimate is good enough to stop: its confidence interval's half-width is at most a stated share of it.
/// </summary>
/// <remarks>
/// Never before <see cref="MinimumProbes"/>, or as many degrees of freedom: with a few the interval itself is a guess, and looking at
/// it often finds a lucky one. Of skewed values, mean and variance go together: those that look better than they are end a job early, and
/// 95 % intervals of values with a skewness of 2.8 covered in 88 to 91 % of simulated runs that stopped after some hundred probes. So many more
/// are taken that the mean of so skewed values is nearly normal, n ≥ 100 g², as W. G. Cochran's rule for fixed n has 25 g² («Sampling
/// Techniques», 1977); with 25 the runs covered in 91 to 93 %, with 100 in 93 to 95 %. What is not skewed is not delayed.
/// </remarks>
public static class StoppingRule
{
    /// <summary>The fewest probes that may be enough where the standard error is that of the probes among each other.</summary>
    public const int MinimumProbes = 30;

    /// <summary>With how many degrees of freedom the standard error must be known.</summary>
    private const double MinimumFreedom = MinimumProbes - 1;

    private const double ProbesPerSquaredSkewness = 100;

    /// <summary>Whether the estimate's relative error is at most the one asked for.</summary>
    /// <param name="estimate">The estimate, with the interval that is looked at.</param>
    /// <param name="relativeError">The share of the trace, such as 0.01.</param>
    public static bool IsSatisfied(TraceEstimate estimate, double relativeError)
    {
        ArgumentNullException.ThrowIfNull(estimate);
        return estimate.DegreesOfFreedom >= MinimumFreedom
            && estimate.Probes >= ProbesForSkewness(estimate)
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
        return estimate is { DegreesOfFreedom: >= MinimumFreedom, Rounding: { } rounding }
            && rounding.Bound > relativeError * (Math.Abs(estimate.Trace) + estimate.StatisticalHalfWidth);
    }

    /// <summary>
    /// About how many probes, or shards of an estimate from a part of them, it will take, since the half-width, less what rounding adds to it, goes with 1/√V; not a number
    /// where nobody can tell.
    /// </summary>
    /// <param name="estimate">The estimate so far.</param>
    /// <param name="relativeError">The share of the trace, such as 0.01.</param>
    public static double ProbesNeeded(TraceEstimate estimate, double relativeError)
    {
        ArgumentNullException.ThrowIfNull(estimate);
        double allowed = relativeError * Math.Abs(estimate.Trace) - (estimate.Rounding?.Bound ?? 0);
        double times = allowed > 0 ? estimate.StatisticalHalfWidth / allowed : double.NaN;
        return Math.Max(Math.Max(estimate.IsBySample ? 1 : MinimumProbes, ProbesForSkewness(estimate)), estimate.Probes * times * times);
    }

    /// <summary>
    /// How many probes make the mean of values so skewed nearly normal. The error of samples' own probes is a sum over samples, which
    /// is nearly normal without.
    /// </summary>
    private static double ProbesForSkewness(TraceEstimate estimate) =>
        estimate.IsBySample ? 0 : ProbesPerSquaredSkewness * estimate.Skewness * estimate.Skewness;
}
