using System.Collections.Immutable;
using ActorHutch.Shared.Wire;

namespace ActorHutch.Coordinator.Scheduling;

/// <content>
/// A job in single precision has a chunk more for each shard: a few random probes, which one worker computes in both precisions.
/// They have numbers below 0, which no chunk of the job's own probes has, and come and go as those do; but a job goes on
/// without them where one cannot be had.
/// </content>
internal sealed partial record JobState
{
    /// <summary>The number of the first shard's chunk that is computed in both precisions; the next shard's is one less.</summary>
    public const long BothPrecisions = -1;

    /// <summary>They take more memory than the others: they are given up before they have taken so many workers with them as those may.</summary>
    private int MostComparisons => Math.Max(1, Policy.MaxLosses / 2);

    /// <summary>How many probes they have; 0 where there are none, or before a replica is ready.</summary>
    public int ComparedProbes { get; private init; }

    /// <summary>Why they cannot be had; null where they can.</summary>
    public string? NotCompared { get; private init; }

    /// <summary>Whether some are to come yet.</summary>
    public bool AwaitsComparison => ComparedProbes > 0 && Compared.Count < ComparedShards && NotCompared is null;

    /// <summary>How many shards are compared: where a part of them may be enough, the first one.</summary>
    private long ComparedShards => Spec.Estimator.TakesPart ? 1 : Shards;

    /// <summary>The shards that were compared.</summary>
    private ChunkSet Compared { get; init; } = ChunkSet.Empty;

    /// <summary>Those of shards that were begun, and that were never issued, by the worker that has the shard: it computes them before others do.</summary>
    private ImmutableDictionary<WorkerKey, ImmutableQueue<long>> Comparisons { get; init; } = ImmutableDictionary<WorkerKey, ImmutableQueue<long>>.Empty;

    /// <summary>Whether a number is one of a chunk that is computed in both precisions.</summary>
    public static bool IsComparison(long chunk) => chunk < 0;

    /// <summary>The shard whose chunk has a number below 0.</summary>
    public static long ShardCompared(long chunk) => BothPrecisions - chunk;

    /// <summary>Whether a chunk needs no more results.</summary>
    public bool IsDone(long chunk) => IsComparison(chunk)
        ? ComparedProbes == 0 || NotCompared is not null || Compared.Contains(ShardCompared(chunk))
        : Done.Contains(chunk);

    private bool IsOneOfComparisons(long chunk) =>
        ComparedProbes > 0 && ShardCompared(chunk) is var shard && shard < ComparedShards && (Shards == 1 || Fresh.WasIssued(shard));

    private JobState WithDone(long chunk) =>
        IsComparison(chunk) ? this with { Compared = Compared.Add(ShardCompared(chunk)) } : this with { Done = Done.Add(chunk) };

    /// <summary>Queues them, once it is known how many blocks there are. One shard's goes out before all others.</summary>
    private JobState QueueComparisons(int columns, ChunkSet? done = null)
    {
        int probes = Spec.ComparedProbes(WireFrame.MaxProbes(columns, withSpread: false) / 2);
        if (probes == 0) return this;
        var state = this with { ComparedProbes = probes, Compared = done ?? ChunkSet.Empty };
        long[] begun = [.. LongRange(ComparedShards).Where(shard => !state.Compared.Contains(shard) && (Shards == 1 || Fresh.WasIssued(shard)))
            .Select(shard => BothPrecisions - shard)];
        return state with
        {
            Reissue = Reissue.Union(begun),
            Troubles = Troubles.SetItems(begun.Select(chunk => KeyValuePair.Create(chunk, ChunkTrouble.None with { Attempts = 0 }))),
        };
    }

    /// <summary>A shard is begun: its worker compares it next.</summary>
    private JobState WithComparisonOf(long chunk, WorkerKey key)
    {
        if (Shards == 1 || chunk >= ComparedShards || !AwaitsComparison || Compared.Contains(chunk)) return this;
        return this with { Comparisons = Comparisons.SetItem(key, Comparisons.GetValueOrDefault(key, []).Enqueue(BothPrecisions - chunk)) };
    }

    /// <summary>One that a worker should compute, since it has the shard, or that waits for any; null where none does.</summary>
    /// <param name="key">The worker that has the shard; null for any.</param>
    private (WorkerKey Owner, long Chunk)? NextComparison(WorkerKey? key)
    {
        if (key is { } owner) return Comparisons.TryGetValue(owner, out var own) ? (owner, own.Peek()) : null;
        foreach (var (any, waiting) in Comparisons) return (any, waiting.Peek());
        return null;
    }

    private JobState WithoutComparison(WorkerKey owner)
    {
        var left = Comparisons[owner].Dequeue();
        return this with { Comparisons = left.IsEmpty ? Comparisons.Remove(owner) : Comparisons.SetItem(owner, left) };
    }

    private static IEnumerable<long> LongRange(long count)
    {
        for (long i = 0; i < count; i++) yield return i;
    }

    /// <summary>Goes on without them.</summary>
    private JobState ForgoComparison(string why, List<Effect> effects)
    {
        effects.Add(new Forgo(why));
        return this with { NotCompared = why, Reissue = Reissue.Except(Reissue.Where(IsComparison)), Comparisons = Comparisons.Clear() };
    }
}
