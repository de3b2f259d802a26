using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Statistics;

namespace ActorHutch.Curvature.Estimation;

/// <summary>The trace from random probes: tr(H) = E[vᵀHv] for E[vvᵀ] = I.</summary>
/// <remarks>
/// M. F. Hutchinson, «A stochastic estimator of the trace of the influence matrix for Laplacian smoothing splines»,
/// 1990.
/// </remarks>
public sealed class HutchinsonEstimator : Estimator
{
    private const int FewestCompared = 3, MostCompared = 8, ProbesPerCompared = 20;

    internal HutchinsonEstimator()
    {
    }

    /// <inheritdoc/>
    public override string Name => "estimate";

    /// <inheritdoc/>
    public override string Summary => "Estimates the trace; without options, of the built-in example";

    /// <inheritdoc/>
    public override string Quantity => "trace";

    /// <inheritdoc/>
    public override string Unit => "probe";

    /// <inheritdoc/>
    public override bool IsExact => false;

    /// <summary>Estimates the trace, in one process and on one thread.</summary>
    /// <param name="form">The quadratic form.</param>
    /// <param name="probes">V, at least 1; the standard error falls as 1/√V.</param>
    /// <param name="confidenceLevel">Of the interval.</param>
    /// <param name="rounding">
    /// What rounding adds to the interval, as <see cref="RoundingError.Measure"/> finds it at the same level; null for nothing.
    /// </param>
    /// <param name="cancellation">Ends the computation between stacks of probes.</param>
    public static TraceEstimate Estimate(
        IQuadraticForm form, int probes, double confidenceLevel = 0.95, RoundingError? rounding = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(form);
        var accumulator = new TraceAccumulator(form.Blocks);
        accumulator.Add(form.Evaluate(0, probes, cancellation));
        return accumulator.Estimate(confidenceLevel, rounding);
    }

    /// <inheritdoc/>
    public override long Probes(long asked, long basisCount) => asked;

    /// <inheritdoc/>
    public override int ComparedProbes(long probes) => probes < RoundingError.FewestProbes
        ? 0
        : (int)Math.Clamp(probes / ProbesPerCompared, FewestCompared, MostCompared);

    /// <inheritdoc/>
    public override double ExpectedHalfWidth(Moments sample, long probes, double level, double? relativeError) => relativeError is { } error
        ? error * Math.Abs(sample.Mean)
        : ConfidenceInterval.ForMean(new Moments(probes, sample.Mean, sample.Variance * (probes - 1)), level).HalfWidth;

    /// <inheritdoc/>
    public override ValuesFold NewFold(FoldOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new ShardedTrace(options, (fold, level, rounding, _) => fold.Estimate(level, rounding));
    }
}
