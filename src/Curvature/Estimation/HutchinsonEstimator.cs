using ActorHutch.Curvature.Operators;

namespace ActorHutch.Curvature.Estimation;

/// <summary>
/// The trace from random probes, in one process and on one thread: tr(H) = E[vᵀHv] for E[vvᵀ] = I.
/// </summary>
/// <remarks>
/// M. F. Hutchinson, «A stochastic estimator of the trace of the influence matrix for Laplacian smoothing splines»,
/// 1990.
/// </remarks>
public static class HutchinsonEstimator
{
    /// <summary>Estimates the trace.</summary>
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
}
