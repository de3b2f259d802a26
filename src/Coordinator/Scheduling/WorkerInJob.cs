using System.Collections.Immutable;
using System.Globalization;
using ActorHutch.Shared.Messages;

namespace ActorHutch.Coordinator.Scheduling;

/// <summary>How far a worker is with a job.</summary>
internal enum WorkerPhase
{
    /// <summary>It was asked for a replica.</summary>
    Preparing,

    /// <summary>It has the replica and asks for chunks.</summary>
    Ready,

    /// <summary>It could not make a replica, and is asked again once its <see cref="WorkerInJob.Pause"/> is over.</summary>
    Resting,

    /// <summary>It has no replica and will not have one for this job.</summary>
    Failed,

    /// <summary>It finishes what it has begun, and goes.</summary>
    Leaving,

    /// <summary>It is gone.</summary>
    Lost,
}

/// <summary>A worker as one job sees it. Chunks and times count accepted results only.</summary>
/// <param name="Device">What it computes on.</param>
/// <param name="Kind">Of what kind that is.</param>
internal sealed record WorkerInJob(string Device, string Kind = "")
{
    /// <summary>The reason of a worker that went by itself.</summary>
    public const string Left = "it left";

    /// <summary>The reason of a worker that may come back.</summary>
    public const string Unreachable = "its node could not be reached";

    /// <summary>The longest <see cref="Pause"/>, in intervals.</summary>
    private const int LongestPause = 64;

    public WorkerPhase Phase { get; init; }

    /// <summary>Why it is not at work; null while it is.</summary>
    public string? Reason { get; init; }

    /// <summary>What it does to come to a replica, as it says; empty where it says nothing.</summary>
    public string Step { get; init; } = "";

    /// <summary>Why it says that no worker can serve the job; null where it does not.</summary>
    public string? Refusal { get; init; }

    /// <summary>What it last said of its replica; null where it never had one.</summary>
    public ReplicaReady? Replica { get; init; }

    /// <summary>The bits it found for the first probes; null where that is not known.</summary>
    public ulong? Bits { get; init; }

    /// <summary>Chunks it asked for and has not been given.</summary>
    public int Credit { get; init; }

    /// <summary>Chunks it was given and has not answered for.</summary>
    public ImmutableSortedSet<long> Chunks { get; init; } = [];

    public long ChunksDone { get; init; }

    /// <summary>Probes, each as often as it was computed for a shard of the samples; <see cref="JobState.ProbesOf"/> has them of all samples.</summary>
    public long ProbesDone { get; init; }

    public double ComputeSeconds { get; init; }

    /// <summary>The time for chunks in both precisions.</summary>
    public double RoundingSeconds { get; init; }

    public double WaitSeconds { get; init; }

    public double WarmUpSeconds { get; init; }

    public double TransferSeconds { get; init; }

    /// <summary>How often it failed: at a replica, at a chunk, or with its life. Earlier lives count.</summary>
    public int Failures { get; init; }

    /// <summary>How many of them came since it last computed a chunk.</summary>
    public int FailuresInARow { get; init; }

    /// <summary>How it failed last; null where it never did.</summary>
    public string? LastFailure { get; init; }

    /// <summary>For how many intervals nothing is asked of it, since it failed again and again.</summary>
    public int Pause { get; init; }

    /// <summary>Whether it was lost with something to do, as a worker that crashes is.</summary>
    public bool WasLostAtWork { get; init; }

    /// <summary>How many intervals ago it was last heard of.</summary>
    public int Silence { get; init; }

    /// <summary>What it last said of its progress.</summary>
    public long Progress { get; init; }

    /// <summary>For how many intervals it had something to do and made no progress.</summary>
    public int Idle { get; init; }

    /// <summary>Whether that is many times what is usual: what it was given is given to others.</summary>
    public bool Stalled { get; init; }

    /// <summary>How many chunks it computed, accepted or not, and in how many intervals.</summary>
    public (long Chunks, long Intervals) Pace { get; init; }

    /// <summary>How many of its last statuses did not fit what is known of it.</summary>
    public int Misfits { get; init; }

    /// <summary>Those of <see cref="Chunks"/> that its last status did not name.</summary>
    public ImmutableSortedSet<long> Unnamed { get; init; } = [];

    /// <summary>Whether it has a replica.</summary>
    public bool IsReady => Phase == WorkerPhase.Ready;

    /// <summary>Whether it has a replica, or was asked for one.</summary>
    public bool TakesPart => Phase is WorkerPhase.Preparing or WorkerPhase.Ready;

    /// <summary>
    /// Whether the job counts on it: it has a replica, or may be expected to have one soon, gets on with what it is given,
    /// and does not fail again and again.
    /// </summary>
    public bool Present => TakesPart && !Stalled && FailuresInARow <= 1;

    /// <summary>Whether it has something to do.</summary>
    public bool IsBusy => Phase == WorkerPhase.Preparing || !Chunks.IsEmpty;

    /// <summary>
    /// Whether a failure of it speaks against the chunk: it computes others. One that fails at everything, or has yet to
    /// compute anything, says more about itself.
    /// </summary>
    public bool IsTrusted => ChunksDone > 0 && FailuresInARow <= 1;

    /// <summary>What there is to tell people of it; null where all is well.</summary>
    public string? Problem => Reason
        ?? (Stalled ? "it makes no progress" : null)
        ?? (Failures == 0 ? null : string.Create(
            CultureInfo.InvariantCulture,
            $"it failed {(Failures == 1 ? "once" : $"{Failures} times, the last time")}: {LastFailure}"));

    /// <summary>The worker after one more failure.</summary>
    /// <param name="what">What happened.</param>
    /// <param name="unpunished">So many failures in a row make for no pause.</param>
    public WorkerInJob AfterFailure(string what, int unpunished)
    {
        int inARow = FailuresInARow + 1;
        int punished = inARow - unpunished;
        return this with
        {
            Failures = Failures + 1,
            FailuresInARow = inARow,
            LastFailure = what,
            Pause = punished < 1 ? 0 : Math.Min(LongestPause, 1 << Math.Min(punished - 1, 30)),
        };
    }

    /// <summary>The worker with what is held against its former life.</summary>
    public WorkerInJob Succeeding(WorkerInJob former)
    {
        var self = this with
        {
            Failures = Failures + former.Failures,
            FailuresInARow = FailuresInARow + former.FailuresInARow,
            LastFailure = former.LastFailure ?? LastFailure,
        };
        return former.WasLostAtWork ? self.AfterFailure(former.Reason ?? "it was lost", unpunished: 1) : self;
    }

    /// <summary>A former life with nothing held against it any more.</summary>
    public WorkerInJob Succeeded() => this with { Failures = 0, FailuresInARow = 0, LastFailure = null, WasLostAtWork = false };
}
