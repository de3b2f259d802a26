using ActorHutch.Curvature.Operators;

namespace ActorHutch.Curvature.Estimation;

/// <summary>
/// The trace by XTrace: half of the products find the large eigenvalues, the others tell the trace within their space, and every random
/// vector, left out of the space in turn, tells what is beyond it.
/// </summary>
/// <remarks>
/// E. N. Epperly, J. A. Tropp and R. J. Webber, «XTrace: making the most of every sample in stochastic trace estimation», 2024. The paper's
/// standard error takes the m estimates for independent, and is too small; here their covariance is estimated too, from each pair of vectors left
/// out of the space (docs/mathematics.md).
/// </remarks>
public sealed class XTraceEstimator : ProductsEstimator
{
    /// <summary>Products where nobody says another number.</summary>
    public const int DefaultProducts = 100;

    internal XTraceEstimator()
    {
    }

    /// <inheritdoc/>
    public override string Name => "xtrace";

    /// <inheritdoc/>
    public override string Summary => "Estimates the trace by XTrace, from few products Hv";

    /// <inheritdoc/>
    public override long? UsualProbes => DefaultProducts;

    /// <inheritdoc/>
    public override long FewestProbes(int vBatch) => Math.Max(4, 2L * vBatch);

    /// <summary>Estimates the trace, in one process.</summary>
    /// <param name="risk">All samples.</param>
    /// <param name="options">The matrix, how it is multiplied with, and the seed; null for the Hessian, full.</param>
    /// <param name="products">V = 2m, at least 4; of an odd number, one less is taken. No more than twice the parameters are, which are exact.</param>
    /// <param name="confidenceLevel">The interval's level, between 0 and 1.</param>
    /// <param name="cancellation">Ends the computation between products.</param>
    /// <returns>The trace, with m − 1 degrees of freedom, without blocks.</returns>
    public static TraceEstimate Estimate(
        ShardedRisk risk, CurvatureOptions? options = null, int products = DefaultProducts, double confidenceLevel = 0.95, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(products, 4);
        return new XTraceEstimator().Run(risk, options, products, level: confidenceLevel, cancellation: cancellation);
    }

    /// <inheritdoc/>
    public override ValuesFold NewFold(FoldOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var trace = new XTrace(options.Columns, options.Grid, options.Seed);
        return new ProductFold(options, trace, trace.Estimate);
    }
}
