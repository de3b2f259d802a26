using ActorHutch.Curvature.Eigenvalues;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Statistics;

namespace ActorHutch.Curvature.Estimation;

/// <summary>The outermost eigenvalues, each with its residual.</summary>
public sealed class EigenvaluesEstimator : ProductsEstimator
{
    /// <summary>Products at most, where nobody says another number.</summary>
    public const int DefaultProducts = 1000;

    internal EigenvaluesEstimator()
    {
    }

    /// <inheritdoc/>
    public override string Name => "eigenvalues";

    /// <inheritdoc/>
    public override string Summary => "Finds the largest or smallest eigenvalues";

    /// <inheritdoc/>
    public override string Quantity => "eigenvalues";

    /// <inheritdoc/>
    public override bool FindsEigenvalues => true;

    /// <inheritdoc/>
    public override bool TellsTrace => false;

    /// <inheritdoc/>
    public override long? UsualProbes => DefaultProducts;

    /// <summary>Finds them, in one process.</summary>
    /// <param name="risk">All samples.</param>
    /// <param name="wanted">Which eigenvalues; null for the five largest.</param>
    /// <param name="options">The matrix, and how it is multiplied with; null for the Hessian, full.</param>
    /// <param name="products">How many products at most.</param>
    /// <param name="cancellation">Ends the computation between products.</param>
    public static EigenvalueEstimate Find(
        ShardedRisk risk, EigenvalueOptions? wanted = null, CurvatureOptions? options = null, int products = DefaultProducts, CancellationToken cancellation = default) =>
        new EigenvaluesEstimator().Run(risk, options, products, wanted: wanted, cancellation: cancellation).Eigenvalues!;

    /// <inheritdoc/>
    public override ValuesFold NewFold(FoldOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var search = new EigenvalueSearch(options.Columns, options.Eigenvalues, options.Grid.ChunkSize, options.Grid.Probes);
        return new ProductFold(options, search, level => search.Estimate is not { } found ? null :
            new(found.Values.Sum(value => value.Value), double.NaN, found.Products, ConfidenceInterval.ForMean(default, level), []) { Eigenvalues = found });
    }
}
