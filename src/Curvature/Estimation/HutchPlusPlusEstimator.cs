using ActorHutch.Curvature.Operators;

namespace ActorHutch.Curvature.Estimation;

/// <summary>
/// The trace by Hutch++: a third of the products find the large eigenvalues, a third tell the trace within their space, and the others are of
/// random probes, which tell what is beyond it.
/// </summary>
/// <remarks>
/// R. A. Meyer, C. Musco, C. Musco and D. P. Woodruff, «Hutch++: optimal stochastic trace estimation», 2021. The standard error is that of the
/// probes, which are independent where the space is given; the trace within it has none.
/// </remarks>
public sealed class HutchPlusPlusEstimator : ProductsEstimator
{
    /// <summary>Products where nobody says another number.</summary>
    public const int DefaultProducts = 100;

    internal HutchPlusPlusEstimator()
    {
    }

    /// <inheritdoc/>
    public override string Name => "hutchpp";

    /// <inheritdoc/>
    public override string Summary => "Estimates the trace by Hutch++, from few products Hv";

    /// <inheritdoc/>
    public override long? UsualProbes => DefaultProducts;

    /// <inheritdoc/>
    public override long FewestProbes(int vBatch) => Math.Max(4, 3L * vBatch);

    /// <summary>Estimates the trace, in one process.</summary>
    /// <param name="risk">All samples.</param>
    /// <param name="options">The matrix, how it is multiplied with, and the seed; null for the Hessian, full.</param>
    /// <param name="products">V, at least 4, of which ⌊V/3⌋ sketch the range and as many are within it; fewer where there are fewer parameters.</param>
    /// <param name="confidenceLevel">The interval's level, between 0 and 1.</param>
    /// <param name="cancellation">Ends the computation between products.</param>
    /// <returns>The trace, with V − 2⌊V/3⌋ − 1 degrees of freedom, without blocks.</returns>
    public static TraceEstimate Estimate(
        ShardedRisk risk, CurvatureOptions? options = null, int products = DefaultProducts, double confidenceLevel = 0.95, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(products, 4);
        return new HutchPlusPlusEstimator().Run(risk, options, products, level: confidenceLevel, cancellation: cancellation);
    }

    /// <inheritdoc/>
    public override ValuesFold NewFold(FoldOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var trace = new HutchPlusPlus(options.Columns, options.Grid, options.Seed);
        return new ProductFold(options, trace, trace.Estimate);
    }
}
