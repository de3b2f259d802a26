using ActorHutch.Curvature;
using ActorHutch.Curvature.Operators;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Shared.Messages;

/// <summary>The coordinator knows the worker, in this life of it.</summary>
/// <param name="Incarnation">The one that registered.</param>
public sealed record WorkerAccepted(long Incarnation) : ICoordinatorMessage;

/// <summary>The coordinator does not know the worker that spoke to it: it shall register.</summary>
public sealed record RegisterAgain : ICoordinatorMessage;

/// <summary>The coordinator's work is done and it goes; it says so to workers that are there for one job only.</summary>
public sealed record Dismiss : ICoordinatorMessage;

/// <summary>The coordinator cannot work with the worker, and will say so as often as it registers.</summary>
/// <param name="Incarnation">The one that registered.</param>
/// <param name="Reason">Why, for people.</param>
public sealed record WorkerRefused(long Incarnation, string Reason) : ICoordinatorMessage;

/// <summary>The worker shall hold a replica for a job; answered by <see cref="ReplicaReady"/> or <see cref="ReplicaFailed"/>.</summary>
/// <param name="Job">The run.</param>
/// <param name="Spec">What is computed.</param>
/// <param name="MemoryBudget">Bytes that a stack of probes may take; null for the default that every machine has.</param>
public sealed record PrepareReplica(Guid Job, JobSpec Spec, long? MemoryBudget = null) : ICoordinatorMessage, IJobMessage;

/// <summary>A chunk for the worker; answered by <see cref="ChunkDone"/> or <see cref="ChunkFailed"/>.</summary>
/// <param name="Job">The run.</param>
/// <param name="Chunk">The chunk, from 0.</param>
/// <param name="Attempt">The attempt at this chunk, from 1.</param>
/// <param name="Tile">The chunk's probes and samples.</param>
public sealed record RunChunk(Guid Job, long Chunk, int Attempt, Tile Tile)
    : ICoordinatorMessage, IJobMessage
{
    /// <summary>Whether other chunks of the same samples are to follow, so that what is known of them is worth keeping.</summary>
    public bool Keeps { get; init; }

    /// <summary>The vectors that are multiplied, within a process; null where probes are random, and where <see cref="VectorsBlob"/> has them.</summary>
    public ProbeValues? Vectors { get; init; }

    /// <summary>The vectors that are multiplied, for the worker to fetch; null where it need not.</summary>
    public BlobReference? VectorsBlob { get; init; }

    /// <summary>
    /// Whether these are random probes, of an exact trace too, to be evaluated in both precisions: the result has
    /// <see cref="Curvature.Tile.Probes"/> rows of the job's own precision, and as many of double precision behind them.
    /// </summary>
    public bool InBothPrecisions { get; init; }
}

/// <summary>The run has ended, for whatever reason: what the worker still has of it is not wanted any more.</summary>
/// <param name="Job">The run.</param>
public sealed record EndJob(Guid Job) : ICoordinatorMessage, IJobMessage;
