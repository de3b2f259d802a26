using ActorHutch.GpuWorker.Replicas;
using ActorHutch.Shared.Messages;

namespace ActorHutch.GpuWorker.Actors;

/// <summary>Prepare for a job; answered by <see cref="ReplicaReady"/> or <see cref="ReplicaFailed"/> unless cancelled.</summary>
/// <param name="Request">What the coordinator asked for.</param>
/// <param name="Files">The job's files, the receiver's to dispose of.</param>
/// <param name="TransferSeconds">What it took to bring them here.</param>
/// <param name="Cancellation">Gives it up.</param>
internal sealed record Prepare(
    PrepareReplica Request, ReplicaFiles Files, double TransferSeconds, CancellationToken Cancellation);

/// <summary>
/// Compute a chunk; answered by <see cref="ChunkDone"/> or <see cref="ChunkFailed"/> unless cancelled or taken back.
/// </summary>
internal sealed class Compute(RunChunk request, CancellationToken cancellation)
{
    private int _claimed;

    public RunChunk Request => request;

    public CancellationToken Cancellation => cancellation;

    /// <summary>
    /// True for whoever asks first: the computation when it begins, or the worker when it takes the chunk back.
    /// </summary>
    public bool TryClaim() => Interlocked.Exchange(ref _claimed, 1) == 0;
}

/// <summary>Free what belongs to a job alone; the replica stays for the next one.</summary>
internal sealed record Release(Guid Job);

/// <summary>What is being done to come to a job's replica, in a few words for people.</summary>
internal sealed record Preparing(Guid Job, string Step);

/// <summary>A job's replica cannot be computed with any more: a file that it reads has changed on this machine.</summary>
internal sealed record ReplicaLost(Guid Job);
