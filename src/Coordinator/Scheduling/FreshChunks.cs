using System.Collections.Immutable;
using ActorHutch.Curvature;

namespace ActorHutch.Coordinator.Scheduling;

/// <summary>
/// The chunks that were never issued, as an immutable value. Every shard's chunks go out in the order of their probes, and to the
/// worker that had the shard's first one, where it can be: it has the samples, and what it has computed of them.
/// </summary>
/// <remarks>
/// No shard gets far ahead of another: the probes' results are known when all shards' are. Only shards that have been begun and are
/// not finished are listed, so a job of a million shards takes no more room than one of a million ranges of probes.
/// </remarks>
internal sealed class FreshChunks
{
    /// <summary>So many ranges of probes a worker's own shard may be ahead of the last one before it helps out there.</summary>
    private const int MostAhead = 1;

    private readonly long _shards;
    private readonly long _ranges;

    private FreshChunks(long shards, long ranges) => (_shards, _ranges) = (shards, ranges);

    private FreshChunks(FreshChunks other)
    {
        (_shards, _ranges) = (other._shards, other._ranges);
        (Unbegun, Open, Begun, Owned) = (other.Unbegun, other.Open, other.Begun, other.Owned);
    }

    /// <summary>No chunk.</summary>
    public static FreshChunks None { get; } = new(1, 0);

    /// <summary>Whether there are any of the ranges before one.</summary>
    public bool AnyBefore(long range) => range > 0 && ((Unbegun < _shards && _ranges > 0) || (!Open.IsEmpty && Open.Min.Range < range));

    /// <summary>The first shard that was not begun.</summary>
    private long Unbegun { get; init; }

    /// <summary>The shards that were begun and are not finished, with their next range of probes; those that are behind first.</summary>
    private ImmutableSortedSet<(long Range, long Shard)> Open { get; init; } = [];

    /// <summary>The same by shard, with the worker that has the samples.</summary>
    private ImmutableDictionary<long, (long Range, WorkerKey? Owner)> Begun { get; init; } =
        ImmutableDictionary<long, (long Range, WorkerKey? Owner)>.Empty;

    /// <summary>Each worker's shards, the one that waits longest first; some may be finished.</summary>
    private ImmutableDictionary<WorkerKey, ImmutableQueue<long>> Owned { get; init; } =
        ImmutableDictionary<WorkerKey, ImmutableQueue<long>>.Empty;

    /// <summary>The chunks from a number on.</summary>
    /// <param name="grid">All chunks.</param>
    /// <param name="end">Those below it were issued.</param>
    public static FreshChunks From(WorkGrid grid, long end = 0)
    {
        var fresh = new FreshChunks(grid.Shards, grid.Ranges);
        var (range, next) = Math.DivRem(end, grid.Shards);
        if (range == 0 && grid.Ranges == 1) return new FreshChunks(fresh) { Unbegun = next };
        var open = new List<(long Range, long Shard)>();
        for (long shard = 0; shard < (range == 0 ? next : grid.Shards); shard++)
        {
            long at = shard < next ? range + 1 : range;
            if (at < grid.Ranges) open.Add((at, shard));
        }

        return new FreshChunks(fresh)
        {
            Unbegun = range == 0 ? next : grid.Shards,
            Open = [.. open],
            Begun = open.ToImmutableDictionary(one => one.Shard, one => (one.Range, (WorkerKey?)null)),
        };
    }

    /// <summary>Whether a chunk was issued.</summary>
    public bool WasIssued(long chunk)
    {
        var (range, shard) = Math.DivRem(chunk, _shards);
        return chunk >= 0 && range < _ranges && shard < Unbegun && (!Begun.TryGetValue(shard, out var begun) || range < begun.Range);
    }

    /// <summary>A chunk for a worker, and the others; there must be <see cref="AnyBefore"/>.</summary>
    /// <param name="worker">The worker.</param>
    /// <param name="end">Of the ranges before that one.</param>
    public (long Chunk, FreshChunks Left) Take(WorkerKey worker, long end)
    {
        if (Unbegun < _shards) return Begin(worker);
        long behind = Open.Min.Range;
        var owned = Owned.GetValueOrDefault(worker, []);
        while (!owned.IsEmpty)
        {
            long shard = owned.Peek();
            bool isIts = Begun.TryGetValue(shard, out var begun) && begun.Owner == worker;
            if (isIts && (begun.Range > behind + MostAhead || begun.Range >= end)) break;
            owned = owned.Dequeue();
            if (isIts) return Issue(shard, begun.Range, worker, Owned.SetItem(worker, owned.Enqueue(shard)));
        }

        var (range, last) = Open.Min;
        // Nobody has it, so from now on this worker does.
        return Begun[last].Owner is { } owner
            ? Issue(last, range, owner, Owned)
            : Issue(last, range, worker, Owned.SetItem(worker, owned.Enqueue(last)));
    }

    /// <summary>A worker is gone, and its shards are nobody's.</summary>
    public FreshChunks Without(WorkerKey worker)
    {
        if (!Owned.TryGetValue(worker, out var owned)) return this;
        var begun = Begun.ToBuilder();
        foreach (long shard in owned)
        {
            if (begun.TryGetValue(shard, out var one) && one.Owner == worker) begun[shard] = (one.Range, null);
        }

        return new FreshChunks(this) { Begun = begun.ToImmutable(), Owned = Owned.Remove(worker) };
    }

    private (long Chunk, FreshChunks Left) Begin(WorkerKey worker)
    {
        long shard = Unbegun;
        var others = new FreshChunks(this) { Unbegun = shard + 1 };
        return (shard, _ranges == 1 ? others : new FreshChunks(others)
        {
            Open = Open.Add((1, shard)),
            Begun = Begun.Add(shard, (1, worker)),
            Owned = Owned.SetItem(worker, Owned.GetValueOrDefault(worker, []).Enqueue(shard)),
        });
    }

    private (long Chunk, FreshChunks Left) Issue(long shard, long range, WorkerKey owner, ImmutableDictionary<WorkerKey, ImmutableQueue<long>> owned)
    {
        var open = Open.Remove((range, shard));
        bool isLast = range + 1 == _ranges;
        return (range * _shards + shard, new FreshChunks(this)
        {
            Open = isLast ? open : open.Add((range + 1, shard)),
            Begun = isLast ? Begun.Remove(shard) : Begun.SetItem(shard, (range + 1, owner)),
            Owned = owned,
        });
    }
}
