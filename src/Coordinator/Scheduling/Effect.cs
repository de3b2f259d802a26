using ActorHutch.Curvature.Operators;
using ActorHutch.Shared.Messages;

namespace ActorHutch.Coordinator.Scheduling;

/// <summary>Something that is to be done; effects are performed in their order.</summary>
internal abstract record Effect;

/// <summary>Send a message to a worker.</summary>
internal sealed record Send(WorkerKey Worker, ICoordinatorMessage Message) : Effect;

/// <summary>Enough workers are ready: the first chunks go out, and the job's time begins.</summary>
internal sealed record Begin : Effect;

/// <summary>Take the first result of a chunk.</summary>
internal sealed record Accept(
    long Chunk, WorkerKey Worker, ProbeValues Values, double ComputeSeconds = 0, double WaitSeconds = 0, int Attempt = 1) : Effect;

/// <summary>The chunk that is computed in both precisions will not be had.</summary>
internal sealed record Forgo(string Why) : Effect;

/// <summary>Hold another result of a chunk against its first; answered by <see cref="DuplicateCompared"/>.</summary>
internal sealed record Compare(long Chunk, WorkerKey Worker, ProbeValues Values) : Effect;

/// <summary>Tell people what became of a worker.</summary>
internal sealed record Warn(WorkerKey Worker, string What) : Effect;

/// <summary>Wait for workers; answered by <see cref="WorkerWaitOver"/>, unless stopped.</summary>
internal sealed record StartWorkerWait(TimeSpan Time) : Effect;

/// <summary>Wait no more.</summary>
internal sealed record StopWorkerWait : Effect;

/// <summary>The job is over: report it.</summary>
internal sealed record Finish(JobOutcome Outcome) : Effect;

/// <summary>What an event leads to.</summary>
/// <param name="State">The state after it.</param>
/// <param name="Effects">What is to be done.</param>
internal sealed record Transition(JobState State, IReadOnlyList<Effect> Effects);
