using System.Collections.Immutable;

namespace ActorHutch.Coordinator.Scheduling;

/// <summary>How far a worker is with a job.</summary>
internal enum WorkerPhase
{
    /// <summary>It was asked for a replica.</summary>
    Preparing,

    /// <summary>It has the replica and asks for chunks.</summary>
    Ready,

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

    public WorkerPhase Phase { get; init; }

    /// <summary>Why it failed or was lost; null while it works.</summary>
    public string? Reason { get; init; }

    /// <summary>What it does to come to a replica, as it says; empty where it says nothing.</summary>
    public string Step { get; init; } = "";

    /// <summary>Chunks it asked for and has not been given.</summary>
    public int Credit { get; init; }

    /// <summary>Chunks it was given and has not answered for.</summary>
    public ImmutableSortedSet<long> Chunks { get; init; } = [];

    public long ChunksDone { get; init; }

    public long ProbesDone { get; init; }

    public double ComputeSeconds { get; init; }

    public double WaitSeconds { get; init; }

    public double WarmUpSeconds { get; init; }

    public double TransferSeconds { get; init; }

    /// <summary>How many intervals ago it was last heard of.</summary>
    public int Silence { get; init; }

    /// <summary>How many of its last statuses did not fit what is known of it.</summary>
    public int Misfits { get; init; }

    /// <summary>Those of <see cref="Chunks"/> that its last status did not name.</summary>
    public ImmutableSortedSet<long> Unnamed { get; init; } = [];

    /// <summary>Whether it has a replica.</summary>
    public bool IsReady => Phase == WorkerPhase.Ready;

    /// <summary>Whether it has a replica, or may come to have one.</summary>
    public bool Present => Phase is WorkerPhase.Preparing or WorkerPhase.Ready;
}
