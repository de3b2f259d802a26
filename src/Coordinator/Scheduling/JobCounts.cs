using System.Collections.Immutable;

namespace ActorHutch.Coordinator.Scheduling;

/// <summary>Two workers whose results for one chunk differ.</summary>
internal sealed record Disagreement(long Chunk, WorkerKey First, WorkerKey Second);

/// <summary>What happened besides the plain run of things.</summary>
internal sealed record JobCounts
{
    /// <summary>Chunks that were issued again.</summary>
    public long Reissued { get; init; }

    /// <summary>Results of chunks that had one already.</summary>
    public long Duplicates { get; init; }

    /// <summary>Attempts that failed.</summary>
    public long Failed { get; init; }

    /// <summary>Messages of other jobs, of unknown workers, or of attempts that were never made.</summary>
    public long Stale { get; init; }

    /// <summary>Duplicates that were not the same to the last bit.</summary>
    public ImmutableArray<Disagreement> Disagreements { get; init; } = [];
}
