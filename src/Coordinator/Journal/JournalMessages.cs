using ActorHutch.Coordinator.Scheduling;

namespace ActorHutch.Coordinator.Journal;

/// <summary>What the journal holds when it is opened.</summary>
/// <param name="Job">What earlier runs came to; null where they came to nothing.</param>
/// <param name="Elapsed">The time they took.</param>
/// <param name="Ended">How the job ended; null where it did not.</param>
internal sealed record JournalOpened(RecoveredJob? Job, TimeSpan Elapsed, JobEnded? Ended);

/// <summary>Write a chunk; answered by <see cref="Written"/>.</summary>
/// <param name="Chunk">The chunk.</param>
/// <param name="Elapsed">The job's time so far, over all runs.</param>
internal sealed record WriteChunk(AcceptedChunk Chunk, TimeSpan Elapsed);

/// <summary>So many more of what was to be written are on the disk, in the order in which they came.</summary>
internal sealed record Written(int Count);

/// <summary>The journal cannot be read or written, and ends.</summary>
/// <param name="Reading">Whether it was being opened.</param>
/// <param name="What">What happened, for people.</param>
internal sealed record JournalBroke(bool Reading, string What);
