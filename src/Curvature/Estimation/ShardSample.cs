using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Statistics;

namespace ActorHutch.Curvature.Estimation;

/// <summary>
/// The quadratic forms of the first m of M shards in a random order, as a sample of all of them: a ratio estimate of their weighted mean,
/// with the variance of two stages, shards that are seen or not, and probes of each.
/// </summary>
/// <remarks>
/// With y_s = w_s q_s of shard s, R = Σ y_s / Σ w_s, e_s = y_s − R w_s, f = m/M and the variance u_s of y_s over its own probes,
/// Var(R) = ((1 − f) Σ e_s²/(m (m − 1)) + f Σ u_s/m²) / w̄², with m − 1 degrees of freedom: W. G. Cochran, «Sampling Techniques», 1977,
/// sections 6.4 and 10.3. A loss that is a sum has its shards' sizes for weights, q_s for y_s, and N R for its trace.
/// </remarks>
/// <param name="blocks">Names of the values' columns; empty where there is one without a name.</param>
/// <param name="grid">All shards, in their order, with one range of probes.</param>
/// <param name="sums">Whether the loss is a sum over the samples, and no mean.</param>
public sealed class ShardSample(IReadOnlyList<string> blocks, WorkGrid grid, bool sums) : ValuesFold
{
    private readonly Column[] _columns = [.. Enumerable.Range(0, Math.Max(1, blocks.Count) + 1).Select(_ => new Column())];
    private SkewedMoments _means;
    private double _weight;
    private long _count;
    private long _samples;

    /// <summary>m, how many shards there were so far.</summary>
    public override long Count => _count;

    /// <summary>Whether all of them are in.</summary>
    public bool IsComplete => Count == grid.Shards;

    /// <inheritdoc/>
    public override bool CountsNothing => IsComplete && _weight == 0;

    /// <inheritdoc/>
    public override Moments Moments
    {
        get
        {
            var (trace, error) = _columns[^1].Estimate(Share, Scale);
            return new Moments(Count, trace, Count > 1 ? error * error * Count * (Count - 1) : 0);
        }
    }

    /// <summary>f.</summary>
    private double Share => (double)Count / grid.Shards;

    /// <summary>What R is multiplied with.</summary>
    private double Scale => sums ? grid.Samples : 1;

    /// <summary>Adds the next shard's.</summary>
    /// <param name="chunk">Its values of all probes.</param>
    /// <returns>The same.</returns>
    public override ProbeValues? Add(ProbeValues chunk)
    {
        ArgumentNullException.ThrowIfNull(chunk);
        var tile = grid[Count];
        if (chunk.FirstProbe != tile.FirstProbe || chunk.Count != tile.Probes || chunk.Columns != _columns.Length - 1)
            throw new ArgumentException($"Shard {Count} has probes {tile.FirstProbe} to {tile.FirstProbe + tile.Probes - 1} and {_columns.Length - 1} columns.", nameof(chunk));
        _count++;
        _samples += tile.Samples;
        double weight = sums ? tile.Samples : chunk.Weight, factor = sums ? 1 : weight;
        _weight += weight;
        for (int c = 0; c < _columns.Length; c++)
        {
            bool isTotal = c == _columns.Length - 1;
            var probes = default(Moments);
            // What does not count may be not a number.
            for (int row = 0; weight > 0 && row < chunk.Count; row++) probes = probes.Add(isTotal ? chunk.Total(row) : chunk[row][c]);
            double variance = weight == 0 ? 0 : chunk.Spread?.Variances[c] ?? probes.Variance;
            _columns[c].Add(weight, factor * probes.Mean, factor * factor * variance / chunk.Count);
            if (isTotal && weight > 0) _means = _means.Add(factor * probes.Mean / weight);
        }

        return chunk;
    }

    /// <inheritdoc/>
    public override TraceEstimate? Estimate(double level, RoundingError? rounding, bool isComplete) => Count == 0 || CountsNothing ? null : Estimate(level, rounding);

    /// <summary>What the shards up to now say of all of them.</summary>
    /// <param name="level">The confidence interval's level.</param>
    /// <param name="rounding">What rounding adds to the interval, at the same level; null where it is not known, or none.</param>
    public TraceEstimate Estimate(double level = 0.95, RoundingError? rounding = null)
    {
        if (CountsNothing) throw EmpiricalRisk.NothingCounts();
        var (trace, error) = _columns[^1].Estimate(Share, Scale);
        var interval = Count < 2
            ? new ConfidenceInterval(level, double.NegativeInfinity, double.PositiveInfinity)
            : ConfidenceInterval.ForEstimate(trace, error, Count - 1, level);
        return new TraceEstimate(trace, error, Count, interval.Widened(rounding?.Bound ?? 0), [.. blocks.Select((name, c) =>
        {
            var (block, ofBlock) = _columns[c].Estimate(Share, Scale);
            return new BlockTrace(name, block, ofBlock);
        })])
        {
            Rounding = rounding,
            Part = new SeenPart(Count, grid.Shards, _samples, grid.Samples),
            Skewness = _means.Skewness,
            DegreesOfFreedom = Count - 1,
        };
    }

    /// <summary>Σ (y − ȳ)², Σ (y − ȳ)(w − w̄) and Σ (w − w̄)² of one column, updated as B. P. Welford's are.</summary>
    private sealed class Column
    {
        private long _count;
        private double _weight;
        private double _value;
        private double _ofWeights;
        private double _ofValues;
        private double _ofBoth;
        private double _within;

        public void Add(double weight, double value, double variance)
        {
            _count++;
            double byWeight = weight - _weight, byValue = value - _value;
            _weight += byWeight / _count;
            _value += byValue / _count;
            _ofWeights += byWeight * (weight - _weight);
            _ofValues += byValue * (value - _value);
            _ofBoth += byWeight * (value - _value);
            _within += variance;
        }

        /// <summary>The estimate and its standard error.</summary>
        /// <param name="share">f.</param>
        /// <param name="scale">What R is multiplied with.</param>
        public (double Estimate, double StandardError) Estimate(double share, double scale)
        {
            double ratio = _value / _weight;
            // Of all shards nothing is left to be unsure of but their probes, also where they are one, which tells no spread.
            double between = share == 1 ? 0 : Math.Max(0, _ofValues - 2 * ratio * _ofBoth + ratio * ratio * _ofWeights) / (_count - 1) / _count;
            double variance = (1 - share) * between + share * _within / ((double)_count * _count);
            return (scale * ratio, scale * Math.Sqrt(variance) / _weight);
        }
    }
}

/// <summary>The part of the samples that an estimate rests on.</summary>
/// <param name="Shards">Shards that were seen.</param>
/// <param name="OfShards">All shards.</param>
/// <param name="Samples">Samples that were seen.</param>
/// <param name="OfSamples">All samples.</param>
public sealed record SeenPart(long Shards, long OfShards, long Samples, long OfSamples);
