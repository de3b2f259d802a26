using ActorHutch.Curvature.Eigenvalues;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Statistics;

namespace ActorHutch.Curvature.Estimation;

/// <summary>What is found by products with some vectors, which lead to the next ones. Every product is the sum of those with the shards' matrices.</summary>
public abstract class ProductsEstimator : Estimator
{
    private protected ProductsEstimator()
    {
    }

    /// <inheritdoc/>
    public override string Quantity => "trace";

    /// <inheritdoc/>
    public override string Unit => "product";

    /// <inheritdoc/>
    public override bool IsExact => false;

    /// <inheritdoc/>
    public override bool TakesTurns => true;

    /// <inheritdoc/>
    public override int? UsualVBatch => 1;

    /// <inheritdoc/>
    public override BlockStructure UsualStructure => BlockStructure.Full;

    /// <inheritdoc/>
    public override long? UsualShard => ShardSize.Few;

    /// <inheritdoc/>
    public override bool IsInParameterSpace => true;

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

    /// <summary>Runs it in one process.</summary>
    /// <param name="risk">All samples.</param>
    /// <param name="options">The matrix, how it is multiplied with, and the seed; null for the Hessian, full.</param>
    /// <param name="products">V, how many products at most.</param>
    /// <param name="width">V_batch, how many at once.</param>
    /// <param name="level">The confidence interval's level.</param>
    /// <param name="wanted">Which eigenvalues, where they are.</param>
    /// <param name="cancellation">Ends the computation between products.</param>
    internal TraceEstimate Run(
        ShardedRisk risk, CurvatureOptions? options, int products, int width = 1, double level = 0.95, EigenvalueOptions? wanted = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(risk);
        options ??= new() { Structure = BlockStructure.Full };
        var vectors = new GivenVectors(width);
        using var form = QuadraticForms.Create(risk, Evaluated(options) with { Vectors = vectors });
        var grid = new WorkGrid(products, width, risk.SampleCount, form.ShardSize);
        var fold = NewFold(new FoldOptions(form.Blocks, grid, risk.Loss.Reduction == Reduction.Sum)
        {
            Shapes = form.Shapes,
            Seed = options.Seed,
            Eigenvalues = wanted ?? new(),
        });
        for (long chunk = 0; chunk < grid.Count && !fold.IsSettled; chunk++)
        {
            vectors.Rows = fold.Vectors;
            fold.Add(form.Evaluate(grid[chunk], keeps: true, cancellation));
        }

        return fold.Estimate(level, null, isComplete: true)!;
    }
}

/// <summary>A method that knows a matrix by its products, fed with those of all shards together.</summary>
/// <param name="options">What the values are of.</param>
/// <param name="method">The method.</param>
/// <param name="estimate">What it has found by now, with an interval of a level; null where that is nothing.</param>
internal sealed class ProductFold(FoldOptions options, IProductMethod method, Func<double, TraceEstimate?> estimate) : ValuesFold
{
    private ShardFold? _shards;
    private ProbeValues? _vectors;
    private long _ranges;

    /// <inheritdoc/>
    public override long Count => method.Products;

    /// <inheritdoc/>
    public override bool CountsNothing => _shards?.CountsNothing ?? false;

    /// <inheritdoc/>
    public override Moments Moments => default;

    /// <inheritdoc/>
    public override bool IsSettled => method.IsDone;

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
        _ranges++;
        method.Take([.. Enumerable.Range(0, products.Count).Select(row => products[row].ToArray())]);
        return null;
    }

    /// <inheritdoc/>
    public override TraceEstimate? Estimate(double level, RoundingError? rounding, bool isComplete) => estimate(level);

    private ProbeValues Rows()
    {
        var next = method.Next;
        int columns = options.Columns;
        double[] rows = new double[next.Count * columns];
        for (int i = 0; i < next.Count; i++) next[i]?.CopyTo(rows, i * columns);
        return new ProbeValues(_ranges * options.Grid.ChunkSize, columns, rows);
    }
}
