using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Shared.Messages;

namespace ActorHutch.Coordinator.Journal;

/// <summary>What a job's journal is made of.</summary>
internal interface IJournalEvent
{
}

/// <summary>Whose the events are that follow.</summary>
/// <param name="Hash">The job's hash, in hexadecimal.</param>
/// <param name="Job">The job, in canonical form.</param>
internal sealed record JobOpened(string Hash, string Job) : IJournalEvent;

/// <summary>What the chunks are computed with.</summary>
internal sealed record ReplicaAgreed(ReplicaReady Replica) : IJournalEvent;

/// <summary>Chunks that were accepted.</summary>
/// <param name="Elapsed">The job's time so far, over all runs.</param>
/// <param name="Chunks">The chunks, in the order of their acceptance.</param>
internal sealed record ChunksAccepted(TimeSpan Elapsed, IReadOnlyList<AcceptedChunk> Chunks) : IJournalEvent;

/// <summary>The job has the result that was asked for.</summary>
/// <param name="Setup">From the job's start to its first chunk.</param>
/// <param name="Elapsed">From its first chunk to its end, over all runs.</param>
/// <param name="Workers">Who took part.</param>
/// <param name="Counts">What happened besides.</param>
internal sealed record JobEnded(
    TimeSpan Setup, TimeSpan Elapsed, IReadOnlyList<KeyValuePair<WorkerKey, WorkerInJob>> Workers, JobCounts Counts)
    : IJournalEvent
{
    /// <summary>Why it had to do without its probes in both precisions; null where it had not.</summary>
    public string? NotCompared { get; init; }
}
