namespace ActorHutch.GpuWorker.Actors;

/// <summary>The coordinator's path is known, or another one than before.</summary>
internal sealed record CoordinatorFound(string Path);

/// <summary>
/// Leave: what is being computed is finished, the rest is handed back, and the worker stops.
/// </summary>
internal sealed record Leave;

/// <summary>Whether a worker's replica is verified: published to the event stream, for its node's health.</summary>
internal sealed record ReplicaState(string Worker, bool Verified);
