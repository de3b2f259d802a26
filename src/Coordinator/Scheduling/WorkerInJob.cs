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

    /// <summary>It is gone.</summary>
    Lost,
}

/// <summary>A worker as one job sees it. Chunks and times count accepted results only.</summary>
internal sealed record WorkerInJob(string Device)
{
    public WorkerPhase Phase { get; init; }

    /// <summary>Why it failed or was lost; null while it works.</summary>
    public string? Reason { get; init; }

    /// <summary>Chunks it asked for and has not been given.</summary>
    public int Credit { get; init; }

    /// <summary>Chunks it was given and has not answered for.</summary>
    public ImmutableSortedSet<long> Chunks { get; init; } = [];

    public long ChunksDone { get; init; }

    public long ProbesDone { get; init; }

    public double ComputeSeconds { get; init; }

    public double WaitSeconds { get; init; }

    public double WarmUpSeconds { get; init; }

    /// <summary>Whether it has a replica.</summary>
    public bool IsReady => Phase == WorkerPhase.Ready;

    /// <summary>Whether it has a replica, or may come to have one.</summary>
    public bool Present => Phase is WorkerPhase.Preparing or WorkerPhase.Ready;
}
