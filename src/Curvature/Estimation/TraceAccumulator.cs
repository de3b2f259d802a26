using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Statistics;

namespace ActorHutch.Curvature.Estimation;

/// <summary>
/// Takes quadratic forms in probe order and tells, at any time, what they say about the trace.
/// </summary>
/// <remarks>
/// Values enter one by one in the order of their probes, so the result's bits do not depend on how the probes were
/// cut into chunks, by whom a chunk was computed, or when it arrived.
/// </remarks>
public sealed class TraceAccumulator
{
    private readonly IReadOnlyList<string> _blocks;
    private readonly Moments[] _blockMoments;
    private readonly CompensatedSum[] _sums;
    private SkewedMoments _totals;
    private PooledSpread[]? _spreads;

    /// <summary>An empty accumulator.</summary>
    /// <param name="blocks">Names of the columns; none, where values have a single column without a name.</param>
    public TraceAccumulator(IReadOnlyList<string> blocks)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        _blocks = blocks;
        _blockMoments = new Moments[Math.Max(1, blocks.Count)];
        _sums = new CompensatedSum[_blockMoments.Length];
    }

    /// <summary>The number of the next probe to be added, which is also how many there are.</summary>
    public long Count => Moments.Count;

    /// <summary>The moments of the probes' vᵀHv.</summary>
    public Moments Moments => _totals.Moments;

    /// <summary>Adds the probes that follow the ones that are here.</summary>
    /// <exception cref="ArgumentException">They do not follow, or have another number of columns.</exception>
    public void Add(ProbeValues values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.FirstProbe != Count)
            throw new ArgumentException($"Probe {Count} comes next, not {values.FirstProbe}.", nameof(values));
        if (values.Columns != _blockMoments.Length)
        {
            throw new ArgumentException(
                $"Each probe has {_blockMoments.Length} values here, not {values.Columns}.", nameof(values));
        }

        if (values.Spread is { } spread)
        {
            _spreads ??= new PooledSpread[_blockMoments.Length + 1];
            for (int i = 0; i < _spreads.Length; i++) _spreads[i] = _spreads[i].Add(values.Count, spread.Variances[i], spread.Squares[i]);
        }

        for (int row = 0; row < values.Count; row++)
        {
            _totals = _totals.Add(values.Total(row));
            var columns = values[row];
            for (int b = 0; b < columns.Length; b++)
            {
                _blockMoments[b] = _blockMoments[b].Add(columns[b]);
                _sums[b].Add(columns[b]);
            }
        }
    }

    /// <summary>
    /// The probes' values as draws of a random variable whose mean is the trace: Student's t interval, by each sample's own probes
    /// where they tell.
    /// </summary>
    /// <param name="level">The confidence interval's level.</param>
    /// <param name="rounding">What rounding adds to the interval, at the same level; null where it is not known, or none.</param>
    public TraceEstimate Estimate(double level = 0.95, RoundingError? rounding = null)
    {
        var spread = _spreads?[^1];
        double error = spread?.StandardError(Moments.Count) ?? Moments.StandardError;
        var interval = spread is { } known
            ? ConfidenceInterval.ForEstimate(Moments.Mean, error, known.DegreesOfFreedom, level)
            : ConfidenceInterval.ForMean(Moments, level);
        return new TraceEstimate(
            Moments.Mean, error, Moments.Count, interval.Widened(rounding?.Bound ?? 0),
            [.. _blocks.Select((name, b) => new BlockTrace(
                name, _blockMoments[b].Mean, _spreads?[b].StandardError(Moments.Count) ?? _blockMoments[b].StandardError))])
        {
            Rounding = rounding,
            IsBySample = spread is not null,
            Skewness = _totals.Skewness,
            DegreesOfFreedom = spread?.DegreesOfFreedom ?? Moments.Count - 1,
        };
    }

    /// <summary>The probes' values as those of all basis vectors, whose sum is the trace.</summary>
    /// <param name="level">The confidence interval's level.</param>
    /// <param name="rounding">What rounding adds to the interval, at the same level; null where it is not known, or none.</param>
    public TraceEstimate Sum(double level = 0.95, RoundingError? rounding = null)
    {
        var total = default(CompensatedSum);
        foreach (var sum in _sums) total.Add(sum.Value);
        return new TraceEstimate(
            total.Value, 0, Moments.Count, new ConfidenceInterval(level, total.Value, total.Value).Widened(rounding?.Bound ?? 0),
            [.. _blocks.Select((name, b) => new BlockTrace(name, _sums[b].Value, 0))])
        {
            IsExact = true,
            Rounding = rounding,
        };
    }
}
