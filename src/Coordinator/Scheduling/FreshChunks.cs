using System.Collections.Immutable;
using ActorHutch.Curvature;

namespace ActorHutch.Coordinator.Scheduling;

/// <summary>
/// The chunks that were never issued, as an immutable value. Every shard's chunks go out in the order of their probes, and to the
/// worker that had the shard's first one, where it can be: it has the samples, and what it has computed of them.
/// </summary>
/// <remarks>
/// No shard gets far ahead of another: the probes' results are known when all shards' are. A worker begins shards that lie side by
/// side, for what it fetches of a file may hold the end of one and the beginning of the next. Only shards that have been begun and
/// are not finished are listed, and those that a worker will begin next, so a job of a million shards takes no more room than one
/// of a million ranges of probes.
/// </remarks>
internal sealed class FreshChunks
{
    /// <summary>So many ranges of probes a worker's own shard may be ahead of the last one before it helps out there.</summary>
    private const int MostAhead = 1;

    /// <summary>So many shards in a row a worker is given at most; and of those that are left, one in so many.</summary>
    private const long MostInRow = 16, RowsLeft = 8;

    private readonly long _shards;
    private readonly long _ranges;

    private FreshChunks(long shards, long ranges) => (_shards, _ranges) = (shards, ranges);

    private FreshChunks(FreshChunks other)
    {
        (_shards, _ranges) = (other._shards, other._ranges);
        (Unbegun, Rows, Left, Waiting, Open, Begun, Owned) = (other.Unbegun, other.Rows, other.Left, other.Waiting, other.Open, other.Begun, other.Owned);
    }

    /// <summary>No chunk.</summary>
    public static FreshChunks None { get; } = new(1, 0);

    /// <summary>Whether there are any.</summary>
    public bool Any => (Unbegun < _shards && _ranges > 0) || !Waiting.IsEmpty || !Open.IsEmpty;

    /// <summary>The first shard that was not begun and is in nobody's row.</summary>
    private long Unbegun { get; init; }

    /// <summary>The shards that each worker begins next: from the first one up to, and not including, the last.</summary>
    private ImmutableDictionary<WorkerKey, (long Next, long End)> Rows { get; init; } = ImmutableDictionary<WorkerKey, (long, long)>.Empty;

    /// <summary>The rows that workers left behind.</summary>
    private ImmutableQueue<(long Next, long End)> Left { get; init; } = [];

    /// <summary>The shards of all rows, those that were left behind too.</summary>
    private ImmutableSortedSet<long> Waiting { get; init; } = [];

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
        return chunk >= 0 && range < _ranges && shard < Unbegun && !Waiting.Contains(shard) && (!Begun.TryGetValue(shard, out var begun) || range < begun.Range);
    }

    /// <summary>A chunk for a worker, and the others; there must be <see cref="Any"/>.</summary>
    public (long Chunk, FreshChunks Left) Take(WorkerKey worker)
    {
        if (NextToBegin(worker) is { } next) return Begin(next.Shard, worker, next.Others);
        long behind = Open.Min.Range;
        var owned = Owned.GetValueOrDefault(worker, []);
        while (!owned.IsEmpty)
        {
            long shard = owned.Peek();
            bool isIts = Begun.TryGetValue(shard, out var begun) && begun.Owner == worker;
            if (isIts && begun.Range > behind + MostAhead) break;
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
        var left = this;
        if (Rows.TryGetValue(worker, out var row)) left = new FreshChunks(this) { Rows = Rows.Remove(worker), Left = Left.Enqueue(row) };
        if (!Owned.TryGetValue(worker, out var owned)) return left;
        var begun = Begun.ToBuilder();
        foreach (long shard in owned)
        {
            if (begun.TryGetValue(shard, out var one) && one.Owner == worker) begun[shard] = (one.Range, null);
        }

        return new FreshChunks(left) { Begun = begun.ToImmutable(), Owned = Owned.Remove(worker) };
    }

    /// <summary>
    /// A shard that nobody began, and the others: of the worker's own row, of one that was left behind, since results fold in
    /// order, or of a new one; where there is none, the last that waits, from the end of somebody's row. Null where all were begun.
    /// </summary>
    private (long Shard, FreshChunks Others)? NextToBegin(WorkerKey worker)
    {
        if (Rows.TryGetValue(worker, out var own) && Waiting.Contains(own.Next)) return Of(own, Left);
        var left = Left;
        while (!left.IsEmpty)
        {
            left = left.Dequeue(out var row);
            if (Waiting.Contains(row.Next)) return Of(row, left);
        }

        if (Unbegun < _shards)
        {
            long length = Math.Clamp((_shards - Unbegun) / RowsLeft, 1, MostInRow);
            var waiting = Waiting.Union(Enumerable.Range(1, (int)length - 1).Select(i => Unbegun + i));
            return (Unbegun, new FreshChunks(this)
            {
                Unbegun = Unbegun + length,
                Waiting = waiting,
                Rows = length == 1 ? Rows : Rows.SetItem(worker, (Unbegun + 1, Unbegun + length)),
            });
        }

        return Waiting.IsEmpty ? null : (Waiting.Max, new FreshChunks(this) { Waiting = Waiting.Remove(Waiting.Max), Left = left });

        (long Shard, FreshChunks Others) Of((long Next, long End) row, ImmutableQueue<(long, long)> left) => (row.Next, new FreshChunks(this)
        {
            Waiting = Waiting.Remove(row.Next),
            Left = left,
            Rows = row.Next + 1 == row.End ? Rows.Remove(worker) : Rows.SetItem(worker, (row.Next + 1, row.End)),
        });
    }

    /// <summary>Issues a shard's first chunk.</summary>
    private static (long Chunk, FreshChunks Left) Begin(long shard, WorkerKey worker, FreshChunks others) =>
        (shard, others._ranges == 1 ? others : new FreshChunks(others)
        {
            Open = others.Open.Add((1, shard)),
            Begun = others.Begun.Add(shard, (1, worker)),
            Owned = others.Owned.SetItem(worker, others.Owned.GetValueOrDefault(worker, []).Enqueue(shard)),
        });

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
