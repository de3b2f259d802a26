using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Messages;

namespace ActorHutch.GpuWorker.Actors;

/// <summary>Prepare for a job; answered by <see cref="ReplicaReady"/> or <see cref="ReplicaFailed"/> unless cancelled.</summary>
/// <param name="Request">What the coordinator asked for.</param>
/// <param name="Files">Where the job's files lie on this machine.</param>
/// <param name="TransferSeconds">What it took to bring them here.</param>
/// <param name="Cancellation">Gives it up.</param>
internal sealed record Prepare(
    PrepareReplica Request, IReadOnlyDictionary<BlobId, string> Files, double TransferSeconds, CancellationToken Cancellation);

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
