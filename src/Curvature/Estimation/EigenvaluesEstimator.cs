using ActorHutch.Curvature.Eigenvalues;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Statistics;

namespace ActorHutch.Curvature.Estimation;

/// <summary>
/// The outermost eigenvalues, each with its residual: products with some vectors lead to the next ones, and every product is the sum of those
/// with the shards' matrices.
/// </summary>
public sealed class EigenvaluesEstimator : Estimator
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
    public override string Unit => "product";

    /// <inheritdoc/>
    public override bool IsExact => false;

    /// <inheritdoc/>
    public override bool TakesTurns => true;

    /// <inheritdoc/>
    public override bool TellsTrace => false;

    /// <inheritdoc/>
    public override long? UsualProbes => DefaultProducts;

    /// <inheritdoc/>
    public override int? UsualVBatch => 1;

    /// <inheritdoc/>
    public override BlockStructure UsualStructure => BlockStructure.Full;

    /// <inheritdoc/>
    public override long? UsualShard => ShardSize.Few;

    /// <inheritdoc/>
    public override bool IsInParameterSpace => true;

    /// <summary>Finds them, in one process.</summary>
    /// <param name="risk">All samples.</param>
    /// <param name="wanted">Which eigenvalues; null for the five largest.</param>
    /// <param name="options">The matrix, and how it is multiplied with; null for the Hessian, full.</param>
    /// <param name="products">How many products at most.</param>
    /// <param name="cancellation">Ends the computation between products.</param>
    public static EigenvalueEstimate Find(
        ShardedRisk risk, EigenvalueOptions? wanted = null, CurvatureOptions? options = null, int products = DefaultProducts, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(risk);
        var vectors = new GivenVectors();
        using var form = QuadraticForms.Create(risk, Eigenvalues.Evaluated(options ?? new() { Structure = BlockStructure.Full }) with { Vectors = vectors });
        var grid = new WorkGrid(products, 1, risk.SampleCount, form.ShardSize);
        var fold = Eigenvalues.NewFold(new FoldOptions(form.Blocks, grid, risk.Loss.Reduction == Reduction.Sum) { Shapes = form.Shapes, Eigenvalues = wanted ?? new() });
        for (long chunk = 0; chunk < grid.Count && !fold.IsSettled; chunk++)
        {
            vectors.Rows = fold.Vectors;
            fold.Add(form.Evaluate(grid[chunk], keeps: true, cancellation));
        }

        return fold.Estimate(0.95, null, isComplete: true)!.Eigenvalues!;
    }

    /// <inheritdoc/>
    public override CurvatureOptions Evaluated(CurvatureOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options with { Result = ProbeResult.Product, ProbeSpace = ProbeSpace.Parameter };
    }

    /// <inheritdoc/>
    public override long Probes(long asked, long basisCount) => asked;

    /// <inheritdoc/>
    public override int ComparedProbes(long probes) => 0;

    /// <inheritdoc/>
    public override double ExpectedHalfWidth(Moments sample, long probes, double level, double? relativeError) => double.NaN;

    /// <inheritdoc/>
    public override ValuesFold NewFold(FoldOptions options) => new EigenvalueFold(options);
}

/// <summary>The search, fed with the products of all shards together.</summary>
/// <param name="options">What the values are of.</param>
internal sealed class EigenvalueFold(FoldOptions options) : ValuesFold
{
    private readonly EigenvalueSearch _search = new(
        ProbeValues.ColumnsOf(options.Blocks, options.Shapes), options.Eigenvalues, options.Grid.ChunkSize, options.Grid.Probes);

    private ShardFold? _shards;
    private ProbeValues? _vectors;

    /// <inheritdoc/>
    public override long Count => _search.Products;

    /// <inheritdoc/>
    public override bool CountsNothing => _shards?.CountsNothing ?? false;

    /// <inheritdoc/>
    public override Moments Moments => default;

    /// <inheritdoc/>
    public override bool IsSettled => _search.IsDone;

    /// <inheritdoc/>
    public override ProbeValues? Vectors => IsSettled ? null : _vectors ??= Rows();

    /// <inheritdoc/>
    public override ProbeValues? Add(ProbeValues chunk)
    {
        _shards ??= new ShardFold(options.Grid.Shards, options.Sums);
        _shards.Add(chunk);
        if (!_shards.IsComplete || CountsNothing) return null;
        var products = _shards.Result();
        (_shards, _vectors) = (null, null);
        _search.Take([.. Enumerable.Range(0, products.Count).Select(row => products[row].ToArray())]);
        return null;
    }

    /// <inheritdoc/>
    public override TraceEstimate? Estimate(double level, RoundingError? rounding, bool isComplete) => _search.Estimate is not { } found ? null :
        new(found.Values.Sum(value => value.Value), double.NaN, Count, ConfidenceInterval.ForMean(default, level), []) { Eigenvalues = found };

    private ProbeValues Rows()
    {
        var next = _search.Next;
        int columns = ProbeValues.ColumnsOf(options.Blocks, options.Shapes);
        double[] rows = new double[next.Count * columns];
        for (int i = 0; i < next.Count; i++) next[i]?.CopyTo(rows, i * columns);
        return new ProbeValues(Count, columns, rows);
    }
}
