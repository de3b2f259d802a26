using ActorHutch.Shared.Wire;

namespace ActorHutch.Coordinator.Scheduling;

/// <content>
/// A job in single precision has one chunk more, the first that goes out: a few random probes, which one worker computes in
/// both precisions. It has a number that no chunk of the job's own probes has, and comes and goes as they do; but a job goes on
/// without it where it cannot be had.
/// </content>
internal sealed partial record JobState
{
    /// <summary>The number of the chunk that is computed in both precisions.</summary>
    public const long BothPrecisions = -1;

    /// <summary>It takes more memory than the others: it is given up before it has taken so many workers with it as they may.</summary>
    private int MostComparisons => Math.Max(1, Policy.MaxLosses / 2);

    /// <summary>How many probes it has; 0 where there is none, or before a replica is ready.</summary>
    public int ComparedProbes { get; private init; }

    /// <summary>Why it cannot be had; null where it can.</summary>
    public string? NotCompared { get; private init; }

    /// <summary>Whether it is to come yet.</summary>
    public bool AwaitsComparison => ComparedProbes > 0 && !IsCompared && NotCompared is null;

    private bool IsCompared { get; init; }

    /// <summary>Whether a chunk needs no more results.</summary>
    public bool IsDone(long chunk) => chunk == BothPrecisions ? !AwaitsComparison : Done.Contains(chunk);

    private JobState WithDone(long chunk) =>
        chunk == BothPrecisions ? this with { IsCompared = true } : this with { Done = Done.Add(chunk) };

    /// <summary>Queues it before all others, once it is known how many blocks there are.</summary>
    private JobState QueueComparison(int columns, bool isDone = false)
    {
        int probes = Spec.ComparedProbes(WireFrame.MaxProbes(columns) / 2);
        if (probes == 0) return this;
        var state = this with { ComparedProbes = probes, IsCompared = isDone };
        return isDone ? state : state with
        {
            Reissue = Reissue.Add(BothPrecisions),
            Troubles = Troubles.SetItem(BothPrecisions, ChunkTrouble.None with { Attempts = 0 }),
        };
    }

    /// <summary>Goes on without it.</summary>
    private JobState ForgoComparison(string why, List<Effect> effects)
    {
        effects.Add(new Forgo(why));
        return this with { NotCompared = why, Reissue = Reissue.Remove(BothPrecisions) };
    }
}
