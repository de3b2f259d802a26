using ActorHutch.Shared.Messages;

namespace ActorHutch.GpuWorker.Actors;

/// <summary>Prepare for a job; answered by <see cref="ReplicaReady"/> or <see cref="ReplicaFailed"/> unless cancelled.</summary>
internal sealed record Prepare(PrepareReplica Request, CancellationToken Cancellation);

/// <summary>Compute a chunk; answered by <see cref="ChunkDone"/> or <see cref="ChunkFailed"/> unless cancelled.</summary>
internal sealed record Compute(RunChunk Request, CancellationToken Cancellation);

/// <summary>Free what belongs to a job alone; the replica stays for the next one.</summary>
internal sealed record Release(Guid Job);
