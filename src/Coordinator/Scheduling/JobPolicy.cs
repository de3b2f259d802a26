namespace ActorHutch.Coordinator.Scheduling;

/// <summary>What a job puts up with. None of it shows in the result, save <see cref="MemoryBudget"/> in its last bits.</summary>
internal sealed record JobPolicy
{
    /// <summary>No chunk is issued before so many workers are ready. Default: 1.</summary>
    public int MinWorkers { get; init; } = 1;

    /// <summary>
    /// Whether the job begins with the workers that are ready once <see cref="WorkerWait"/> is over, though they are
    /// fewer. Default: no, the job fails.
    /// </summary>
    public bool BeginsWithFewer { get; init; }

    /// <summary>
    /// How long the job waits for workers: before it begins, for <see cref="MinWorkers"/>; later, for any at all.
    /// Default: 30 s.
    /// </summary>
    public TimeSpan WorkerWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// A chunk that failed on so many workers that are otherwise good fails the job; or on all there are, so often in
    /// all. Default: 3.
    /// </summary>
    public int MaxFailures { get; init; } = 3;

    /// <summary>
    /// The same for workers that were lost with a chunk: one that kills every worker must not kill them all. Default: 8.
    /// </summary>
    public int MaxLosses { get; init; } = 8;

    /// <summary>
    /// Whether workers that would be idle near the end get copies of the chunks that are out longest. Default: no;
    /// it is worth it where one worker may be slower than another.
    /// </summary>
    public bool CopySlowest { get; init; }

    /// <summary>
    /// The share of chunks that a second worker computes too, to find a faulty device. Default: 0. Which chunks these
    /// are depends on the spec's seed alone.
    /// </summary>
    public double VerifyFraction { get; init; }

    /// <summary>
    /// A worker of which nothing was heard for so many intervals is given up for lost; null (the default) for never.
    /// </summary>
    public int? MaxSilence { get; init; }

    /// <summary>An exact trace of more basis vectors than this is not begun; null (the default) for no limit.</summary>
    public long? LaneLimit { get; init; }

    /// <summary>
    /// Whether a job ends as <see cref="JobEnd.Imprecise"/> as soon as it is known that single precision is not enough for it, to
    /// be run in double precision. Default: no.
    /// </summary>
    public bool PicksPrecision { get; init; }

    /// <summary>Whether a <see cref="JobRecord"/> of how the result came about is kept. Default: no, it takes memory.</summary>
    public bool KeepsRecord { get; init; }

    /// <summary>
    /// Bytes that a worker's stack of probes may take; null (the default) for the default that every machine has.
    /// </summary>
    public long? MemoryBudget { get; init; }
}
