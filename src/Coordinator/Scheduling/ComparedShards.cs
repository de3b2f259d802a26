using ActorHutch.Curvature.Operators;

namespace ActorHutch.Coordinator.Scheduling;

/// <summary>The same probes in both precisions, of all shards, folded in the order of the shards.</summary>
/// <param name="shards">How many there are.</param>
/// <param name="sums">Whether the loss is a sum over the samples.</param>
internal sealed class ComparedShards(long shards, bool sums)
{
    private readonly Dictionary<long, ProbeValues> _ahead = [];
    private readonly ShardFold _single = new(shards, sums);
    private readonly ShardFold _double = new(shards, sums);

    /// <summary>Takes a shard's rows: those of single precision, and those of double precision behind them.</summary>
    /// <returns>The values over all samples, once all shards are in; null before.</returns>
    public (ProbeValues Single, ProbeValues Double)? Add(long shard, ProbeValues values)
    {
        _ahead.Add(shard, values);
        while (_ahead.Remove(_single.Count, out var next))
        {
            int half = next.Values.Length / 2;
            _single.Add(new ProbeValues(next.FirstProbe, next.Columns, next.Values[..half].ToArray()) { Weight = next.Weight });
            _double.Add(new ProbeValues(next.FirstProbe, next.Columns, next.Values[half..].ToArray()) { Weight = next.Weight });
        }

        return _single is { IsComplete: true, CountsNothing: false } ? (_single.Result(), _double.Result()) : null;
    }
}
