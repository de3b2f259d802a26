using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Statistics;

namespace ActorHutch.Curvature.Estimation;

/// <summary>
/// The diagonal of the matrix, entry by entry: exact where there are no more basis vectors than probes, and else the mean over random probes, of
/// each sample's own in prediction space, and of each shard's own in parameter space.
/// </summary>
/// <remarks>
/// C. Bekas, E. Kokiopoulou and Y. Saad, «An estimator for the diagonal of a matrix», 2007, has v ⊙ Hv; F. Dangel, F. Kunstner and P. Hennig,
/// «BackPACK: Packing more into backprop», 2020, the squares of passes backward.
/// </remarks>
public sealed class DiagonalEstimator : Estimator
{
    /// <summary>Probes where nobody says another number.</summary>
    public const int DefaultProbes = 100;

    internal DiagonalEstimator()
    {
    }

    /// <inheritdoc/>
    public override string Name => "diagonal";

    /// <inheritdoc/>
    public override string Summary => "Estimates the diagonal, entry by entry, or computes it exactly where that is cheap";

    /// <inheritdoc/>
    public override string Quantity => "diagonal";

    /// <inheritdoc/>
    public override string Unit => "probe";

    /// <inheritdoc/>
    public override bool IsExact => false;

    /// <inheritdoc/>
    public override bool TellsDiagonal => true;

    /// <inheritdoc/>
    public override int RowsOf(int probes) => 2;

    /// <inheritdoc/>
    public override long? UsualProbes => DefaultProbes;

    /// <inheritdoc/>
    public override long? UsualShard => ShardSize.Few;

    /// <summary>Estimates it, in one process.</summary>
    /// <param name="risk">All samples.</param>
    /// <param name="options">The matrix, its structure, where probes are drawn; null for the Hessian, in the space that serves the model best.</param>
    /// <param name="probes">V; with at least as many as there are basis vectors the result is exact.</param>
    /// <param name="cancellation">Ends the computation between stacks of probes.</param>
    public static TraceEstimate Estimate(ShardedRisk risk, CurvatureOptions? options = null, int probes = DefaultProbes, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(risk);
        options = Diagonal.Evaluated(options ?? new() { ProbeSpace = null }) with { MostProbes = probes };
        using var form = QuadraticForms.Create(risk, options);
        long count = Diagonal.Probes(probes, form.BasisCount);
        var grid = new WorkGrid(count, checked((int)count), risk.SampleCount, form.ShardSize) { HasOwnProbes = count < form.BasisCount };
        var fold = Diagonal.NewFold(new FoldOptions(form.Blocks, grid, risk.Loss.Reduction == Reduction.Sum) { Shapes = form.Shapes });
        for (long chunk = 0; chunk < grid.Count; chunk++) fold.Add(form.Evaluate(grid[chunk], keeps: false, cancellation));
        return fold.Estimate(0.95, null, isComplete: true)!;
    }

    /// <inheritdoc/>
    public override CurvatureOptions Evaluated(CurvatureOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options with { Result = ProbeResult.Diagonal };
    }

    /// <inheritdoc/>
    public override long Probes(long asked, long basisCount) => Math.Min(asked, basisCount);

    /// <inheritdoc/>
    public override int ComparedProbes(long probes) => 0;

    /// <inheritdoc/>
    public override double ExpectedHalfWidth(Moments sample, long probes, double level, double? relativeError) => double.NaN;

    /// <inheritdoc/>
    public override ValuesFold NewFold(FoldOptions options) => new DiagonalFold(options);
}

/// <summary>Ranges of probes, each over all shards, whose errors are independent.</summary>
/// <param name="options">What the values are of.</param>
internal sealed class DiagonalFold(FoldOptions options) : ValuesFold
{
    private readonly int _columns = ProbeValues.ColumnsOf(options.Blocks, options.Shapes);
    private readonly bool _isExact = !options.Grid.HasOwnProbes;
    private double[]? _sum, _squares, _all, _allSquares;
    private double _weight;
    private long _shards;
    private long _chunks;
    private long _count;
    private long _freedom;

    /// <inheritdoc/>
    public override long Count => _count;

    /// <inheritdoc/>
    public override bool CountsNothing => _shards == options.Grid.Shards && _weight == 0;

    /// <inheritdoc/>
    public override Moments Moments => _all is null ? default : new(_count, Mean(_columns - 1), Variance(_columns - 1) * (_count - 1));

    /// <inheritdoc/>
    public override ProbeValues? Add(ProbeValues chunk)
    {
        if (_shards == options.Grid.Shards || _sum is null) (_sum, _squares, _shards, _weight) = (new double[_columns], new double[_columns], 0, 0);
        double weight = options.Sums ? 1 : chunk.Weight;
        _weight += weight;
        _shards++;
        if (weight != 0)
        {
            var mean = chunk[0];
            var squares = chunk[1];
            for (int i = 0; i < _columns; i++)
            {
                _sum[i] += weight * mean[i];
                _squares![i] += weight * weight * squares[i];
            }
        }

        int probes = options.Grid[_chunks++].Probes;
        if (_shards < options.Grid.Shards || _weight == 0) return null;
        double total = options.Sums ? 1 : _weight, share = _isExact ? 1 : probes;
        _all ??= new double[_columns];
        _allSquares ??= new double[_columns];
        for (int i = 0; i < _columns; i++)
        {
            _all[i] += share * _sum[i] / total;
            _allSquares[i] += _squares![i] / (total * total);
        }

        _count += probes;
        _freedom += probes - 1;
        return null;
    }

    /// <inheritdoc/>
    public override TraceEstimate? Estimate(double level, RoundingError? rounding, bool isComplete)
    {
        if (_count == 0 || (_isExact && !isComplete)) return null;
        int blocks = options.Shapes.Count - 2, first = _columns - blocks - 1;
        double error = Error(_columns - 1);
        return new TraceEstimate(
            Mean(_columns - 1), error, _count, _isExact ? new(level, Mean(_columns - 1), Mean(_columns - 1)) : ConfidenceInterval.ForMean(Moments, level),
            [.. options.Blocks.Select((name, b) => new BlockTrace(name, Mean(first + b), Error(first + b)))])
        {
            IsExact = _isExact,
            DegreesOfFreedom = _isExact ? double.PositiveInfinity : _freedom,
            Diagonal = new DiagonalEstimate(
                () => [.. Enumerable.Range(0, first).Select(Mean)], () => [.. Enumerable.Range(0, first).Select(Error)]),
        };
    }

    private double Mean(int column) => _isExact ? _all![column] : _all![column] / _count;

    /// <summary>Of one probe.</summary>
    private double Variance(int column) => _freedom == 0 ? double.NaN : _allSquares![column] / _freedom;

    private double Error(int column) => _isExact ? 0 : Math.Sqrt(Variance(column) / _count);
}

/// <summary>The diagonal, entries of one block after another in the model's order.</summary>
/// <param name="values">The entries.</param>
/// <param name="errors">Their standard errors.</param>
public sealed class DiagonalEstimate(Func<double[]> values, Func<double[]> errors)
{
    /// <summary>The entries.</summary>
    public double[] Values() => values();

    /// <summary>Their standard errors; 0 where they are exact, not numbers for a single probe.</summary>
    public double[] StandardErrors() => errors();
}
