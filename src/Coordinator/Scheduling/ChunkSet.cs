using System.Collections.Immutable;

namespace ActorHutch.Coordinator.Scheduling;

/// <summary>
/// An immutable set of chunk numbers, kept as intervals: chunks are done nearly in order, so a million of them take the
/// room of a few.
/// </summary>
internal sealed class ChunkSet
{
    private static readonly IComparer<(long First, long End)> ByFirst =
        Comparer<(long First, long End)>.Create((a, b) => a.First.CompareTo(b.First));

    private readonly ImmutableSortedSet<(long First, long End)> _intervals;

    private ChunkSet(ImmutableSortedSet<(long First, long End)> intervals, long count)
    {
        _intervals = intervals;
        Count = count;
    }

    /// <summary>The set of no chunk.</summary>
    public static ChunkSet Empty { get; } = new(ImmutableSortedSet.Create(ByFirst), 0);

    /// <summary>How many chunks are in it.</summary>
    public long Count { get; }

    /// <summary>How many intervals they make.</summary>
    public int Intervals => _intervals.Count;

    /// <summary>One more than the last chunk in it; 0 where there is none.</summary>
    public long End => _intervals.IsEmpty ? 0 : _intervals.Max.End;

    /// <summary>The chunks below <see cref="End"/> that are not in it, in order.</summary>
    public IEnumerable<long> Gaps
    {
        get
        {
            long next = 0;
            foreach (var (first, end) in _intervals)
            {
                for (; next < first; next++) yield return next;
                next = end;
            }
        }
    }

    /// <summary>Whether a chunk is in it.</summary>
    public bool Contains(long chunk) => IndexBelow(chunk) is var index && index >= 0 && chunk < _intervals[index].End;

    /// <summary>The set with one more chunk; the same set where it is in already.</summary>
    public ChunkSet Add(long chunk)
    {
        if (Contains(chunk)) return this;

        int below = IndexBelow(chunk);
        var intervals = _intervals;
        (long first, long end) = (chunk, chunk + 1);
        if (below + 1 < _intervals.Count && _intervals[below + 1] is var next && next.First == end)
        {
            end = next.End;
            intervals = intervals.Remove(next);
        }

        if (below >= 0 && _intervals[below] is var previous && previous.End == first)
        {
            first = previous.First;
            intervals = intervals.Remove(previous);
        }

        return new ChunkSet(intervals.Add((first, end)), Count + 1);
    }

    /// <summary>The last interval that begins at the chunk or before; −1 where there is none.</summary>
    private int IndexBelow(long chunk)
    {
        int index = _intervals.IndexOf((chunk, chunk));
        return index >= 0 ? index : ~index - 1;
    }
}
