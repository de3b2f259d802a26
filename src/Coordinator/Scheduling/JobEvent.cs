using ActorHutch.Shared.Messages;

namespace ActorHutch.Coordinator.Scheduling;

/// <summary>Something that happened to a job.</summary>
internal abstract record JobEvent;

/// <summary>A worker registered, for the first time or again.</summary>
/// <param name="Worker">Which.</param>
/// <param name="Device">What it computes on.</param>
/// <param name="Kind">Of what kind that is: the bits of two kinds may differ.</param>
internal sealed record WorkerRegistered(WorkerKey Worker, string Device, string Kind = "") : JobEvent;

/// <summary>A worker said what it is at.</summary>
internal sealed record WorkerReported(WorkerKey Worker, WorkerStatus Status) : JobEvent;

/// <summary>
/// So much time passed that a worker should have been heard of. The schedule counts time in these intervals, and has no
/// other clock.
/// </summary>
internal sealed record IntervalPassed : JobEvent;

/// <summary>A worker is gone, or cannot be reached.</summary>
internal sealed record WorkerLost(WorkerKey Worker, string Reason) : JobEvent;

/// <summary>A worker said something about a job, this one or another.</summary>
internal sealed record WorkerSaid(WorkerKey Worker, IJobMessage Message) : JobEvent;

/// <summary>The probes of the first chunks satisfy the stopping rule.</summary>
internal sealed record TargetReached : JobEvent;

/// <summary>The vectors of another range of chunks are known.</summary>
/// <param name="Released">How many ranges may go out now.</param>
internal sealed record TurnTaken(long Released) : JobEvent;

/// <summary>Single precision is not enough for what is asked for.</summary>
internal sealed record PrecisionLacking(string What) : JobEvent;

/// <summary>A duplicate was held against the result that came first.</summary>
internal sealed record DuplicateCompared(long Chunk, WorkerKey First, WorkerKey Second, bool Agree) : JobEvent;

/// <summary>The time to wait for workers is over.</summary>
internal sealed record WorkerWaitOver : JobEvent;

/// <summary>What is accepted cannot be kept any more.</summary>
internal sealed record JournalLost(string What) : JobEvent
{
    /// <summary>How the job ends.</summary>
    public JobOutcome Outcome => new(
        JobEnd.Failed, $"The state directory's journal cannot be written: {What} What was accepted before is kept.");
}

/// <summary>What is accepted cannot be merged.</summary>
internal sealed record MergingFailed(string What) : JobEvent
{
    /// <summary>How the job ends.</summary>
    public JobOutcome Outcome => new(JobEnd.Failed, $"The results cannot be merged: {What}");
}

/// <summary>A file that the job is made from is not what it was when the job began.</summary>
/// <param name="What">Which, and what was found.</param>
internal sealed record InputAtFault(string What) : JobEvent;

/// <summary>The user wants no more.</summary>
internal sealed record InterruptRequested : JobEvent;
