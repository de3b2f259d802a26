using System.Collections.Immutable;

namespace ActorHutch.Coordinator.Scheduling;

/// <summary>Two workers whose results for one chunk differ.</summary>
internal sealed record Disagreement(long Chunk, WorkerKey First, WorkerKey Second);

/// <summary>What happened besides the plain run of things.</summary>
internal sealed record JobCounts
{
    /// <summary>Chunks that were issued again, because their worker was lost, left or failed.</summary>
    public long Reissued { get; init; }

    /// <summary>Chunks that an idle worker was given beside the one that is at them.</summary>
    public long Copies { get; init; }

    /// <summary>Chunks whose result another worker was asked to confirm, and answered.</summary>
    public long Verified { get; init; }

    /// <summary>Chunks that should have been verified, and no other worker of the same kind was there or could.</summary>
    public long Unverified { get; init; }

    /// <summary>Results of chunks that had one already.</summary>
    public long Duplicates { get; init; }

    /// <summary>Attempts that failed.</summary>
    public long Failed { get; init; }

    /// <summary>Messages of other jobs, of unknown workers, or of attempts that were never made.</summary>
    public long Stale { get; init; }

    /// <summary>Duplicates that were not the same to the last bit.</summary>
    public ImmutableArray<Disagreement> Disagreements { get; init; } = [];
}
