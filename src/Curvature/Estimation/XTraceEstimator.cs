using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Statistics;

namespace ActorHutch.Curvature.Estimation;

/// <summary>
/// The trace by XTrace: half of the products find the large eigenvalues, the others tell the trace within their space, and every random
/// vector, left out of the space in turn, tells what is beyond it.
/// </summary>
/// <remarks>
/// E. N. Epperly, J. A. Tropp and R. J. Webber, «XTrace: making the most of every sample in stochastic trace estimation», 2024. The standard
/// error is that of the mean of the m estimates as if they were independent. They are exchangeable only, and so it is an estimate itself.
/// </remarks>
public static class XTraceEstimator
{
    /// <summary>Estimates the trace, in one process.</summary>
    /// <param name="risk">All samples.</param>
    /// <param name="options">The matrix, how it is multiplied with, and the seed; null for the Hessian, full.</param>
    /// <param name="products">V = 2m, at least 4; of an odd number, one less is taken. No more than 2n are.</param>
    /// <param name="confidenceLevel">The interval's level, between 0 and 1.</param>
    /// <param name="cancellation">Ends the computation between products.</param>
    /// <returns>The trace, with m − 1 degrees of freedom, without blocks.</returns>
    public static TraceEstimate Estimate(
        ShardedRisk risk, CurvatureOptions? options = null, int products = 100, double confidenceLevel = 0.95, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(risk);
        ArgumentOutOfRangeException.ThrowIfLessThan(products, 4);
        options ??= new() { Structure = BlockStructure.Full };
        var vectors = new GivenVectors();
        using var form = QuadraticForms.Create(
            risk, options with { Result = ProbeResult.Product, ProbeSpace = ProbeSpace.Parameter, Vectors = vectors });
        var grid = new WorkGrid(products / 2 * 2, 1, risk.SampleCount, form.ShardSize);
        var fold = new XTraceFold(new FoldOptions(form.Blocks, grid, risk.Loss.Reduction == Reduction.Sum) { Shapes = form.Shapes }, options.Seed);
        for (long chunk = 0; chunk < grid.Count && !fold.IsSettled; chunk++)
        {
            vectors.Rows = fold.Vectors;
            fold.Add(form.Evaluate(grid[chunk], keeps: true, cancellation));
        }

        return fold.Estimate(confidenceLevel, null, isComplete: true)!;
    }
}

/// <summary>XTrace, fed with the products of all shards together.</summary>
internal sealed class XTraceFold : ValuesFold
{
    private readonly FoldOptions _options;
    private readonly XTrace _trace;
    private readonly int _columns;
    private ShardFold? _shards;
    private ProbeValues? _vectors;
    private int _turn;
    private int _next;
    private long _ranges;

    /// <param name="options">What the values are of.</param>
    /// <param name="seed">Of the random vectors.</param>
    public XTraceFold(FoldOptions options, ulong seed)
    {
        (_options, _columns) = (options, ProbeValues.ColumnsOf(options.Blocks, options.Shapes));
        // Both turns are of whole chunks.
        long most = Math.Min(options.Grid.Probes / 2, options.Grid.Probes / options.Grid.ChunkSize / 2 * options.Grid.ChunkSize);
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1, nameof(options));
        _trace = new XTrace(_columns, (int)Math.Min(most, _columns), seed);
    }

    /// <inheritdoc/>
    public override long Count => (long)_turn * _trace.Count + _next;

    /// <inheritdoc/>
    public override bool CountsNothing => _shards?.CountsNothing ?? false;

    /// <inheritdoc/>
    public override Moments Moments => (_trace.Estimates ?? []).Aggregate(default(Moments), (moments, value) => moments.Add(value));

    /// <inheritdoc/>
    public override bool IsSettled => _turn == 2;

    /// <inheritdoc/>
    public override ProbeValues? Vectors => IsSettled ? null : _vectors ??= Rows();

    private int Taken => Math.Min(_options.Grid.ChunkSize, _trace.Count - _next);

    /// <inheritdoc/>
    public override ProbeValues? Add(ProbeValues chunk)
    {
        _shards ??= new ShardFold(_options.Grid.Shards, _options.Sums);
        _shards.Add(chunk);
        if (!_shards.IsComplete || CountsNothing) return null;
        var products = _shards.Result();
        (_shards, _vectors) = (null, null);
        int taken = Taken;
        for (int row = 0; row < taken; row++) _trace.Take(products[row].ToArray());
        _ranges++;
        _next += taken;
        if (_next == _trace.Count) (_turn, _next) = (_turn + 1, 0);
        return null;
    }

    /// <inheritdoc/>
    public override TraceEstimate? Estimate(double level, RoundingError? rounding, bool isComplete)
    {
        if (!IsSettled) return null;
        var moments = Moments;
        var interval = ConfidenceInterval.ForMean(moments, level).Widened(rounding?.Bound ?? 0);
        return new(moments.Mean, moments.StandardError, Count, interval, []) { DegreesOfFreedom = moments.Count - 1, Rounding = rounding };
    }

    private ProbeValues Rows()
    {
        double[] rows = new double[_options.Grid.ChunkSize * _columns];
        for (int row = 0; row < Taken; row++) _trace.Vector(_next + row).CopyTo(rows, row * _columns);
        return new ProbeValues(_ranges * _options.Grid.ChunkSize, _columns, rows);
    }
}
