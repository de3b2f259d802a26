using ActorHutch.Curvature.Risks;

namespace ActorHutch.Curvature.Operators;

/// <summary>
/// The same probes' quadratic forms of all shards, taken in the order of the shards: Σ_s w_s q_s / Σ_s w_s, divided once at the
/// end; Σ_s q_s for a loss that is a sum. One shard's are taken as they are. Samples of two shards have nothing in common, so that the
/// variances by sample add up with the squares of the weights.
/// </summary>
/// <param name="shards">How many there are.</param>
/// <param name="sums">Whether the loss is a sum over the samples, and no mean.</param>
public sealed class ShardFold(long shards, bool sums)
{
    private ProbeValues? _only;
    private double[]? _values;
    private double[]? _variances;
    private double[]? _squares;
    private bool _lacksSpread;
    private double _weight;
    private long _firstProbe;
    private int _columns;

    /// <summary>How many shards there were so far.</summary>
    public long Count { get; private set; }

    /// <summary>Whether all of them are in.</summary>
    public bool IsComplete => Count == shards;

    /// <summary>Whether all are in, and none of their samples counts.</summary>
    public bool CountsNothing => IsComplete && _only is null && !sums && _weight == 0;

    /// <summary>Adds the next shard's.</summary>
    public void Add(ProbeValues shard)
    {
        ArgumentNullException.ThrowIfNull(shard);
        if (IsComplete) throw new InvalidOperationException($"All {shards} shards are in.");
        Count++;
        if (shards == 1)
        {
            _only = shard;
            return;
        }

        var values = shard.Values;
        if (_values is null) (_values, _firstProbe, _columns) = (new double[values.Length], shard.FirstProbe, shard.Columns);
        if ((shard.FirstProbe, shard.Columns, values.Length) != (_firstProbe, _columns, _values.Length))
            throw new ArgumentException("All shards must have the same probes and columns.", nameof(shard));
        double weight = sums ? 1 : shard.Weight;
        _weight += weight;
        // What does not count may be not a number.
        if (weight == 0) return;
        for (int i = 0; i < values.Length; i++) _values[i] += weight * values[i];
        AddSpread(shard.Spread, weight * weight);
    }

    private void AddSpread(SampleSpread? spread, double factor)
    {
        _lacksSpread |= spread is null;
        if (_lacksSpread) return;
        _variances ??= new double[_columns + 1];
        _squares ??= new double[_columns + 1];
        for (int i = 0; i <= _columns; i++)
        {
            _variances[i] += factor * spread!.Variances[i];
            _squares[i] += factor * factor * spread.Squares[i];
        }
    }

    /// <summary>The quadratic forms over all samples.</summary>
    /// <exception cref="CurvatureException">None of the samples counts.</exception>
    public ProbeValues Result()
    {
        if (!IsComplete) throw new InvalidOperationException($"{Count} of {shards} shards are in.");
        if (_only is not null) return _only;
        if (!sums)
        {
            if (CountsNothing) throw EmpiricalRisk.NothingCounts();
            for (int i = 0; i < _values!.Length; i++) _values[i] /= _weight;
            double squared = _weight * _weight;
            for (int i = 0; i < _variances?.Length; i++) (_variances[i], _squares![i]) = (_variances[i] / squared, _squares[i] / (squared * squared));
        }

        return new ProbeValues(_firstProbe, _columns, _values!)
        {
            Weight = sums ? 1 : _weight,
            Spread = _lacksSpread || _variances is null ? null : new SampleSpread(_variances, _squares!),
        };
    }
}
