namespace ActorHutch.Coordinator.Scheduling;

/// <summary>What a job puts up with. None of it shows in the result, save <see cref="MemoryBudget"/> in its last bits.</summary>
internal sealed record JobPolicy
{
    /// <summary>No chunk is issued before so many workers are ready. Default: 1.</summary>
    public int MinWorkers { get; init; } = 1;

    /// <summary>
    /// How long the job waits for workers: before it begins, for <see cref="MinWorkers"/>; later, for any at all.
    /// Default: 30 s.
    /// </summary>
    public TimeSpan WorkerWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>So many failures of one chunk fail the job. Default: 3.</summary>
    public int MaxFailures { get; init; } = 3;

    /// <summary>
    /// So many attempts at one chunk, lost with their workers or failed, fail the job: a chunk that kills every worker
    /// must not kill them all. Default: 8.
    /// </summary>
    public int MaxAttempts { get; init; } = 8;

    /// <summary>An exact trace of more basis vectors than this is not begun; null (the default) for no limit.</summary>
    public long? LaneLimit { get; init; }

    /// <summary>Bytes that a worker's stack of probes may take; null (the default) for the worker's own choice.</summary>
    public long? MemoryBudget { get; init; }
}
