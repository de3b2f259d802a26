namespace ActorHutch.Coordinator.Scheduling;

/// <summary>An attempt at a chunk that has not been answered for.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Worker">Whose it is.</param>
internal readonly record struct Attempt(int Number, WorkerKey Worker);

/// <summary>What is remembered of a chunk that was issued more than once, or failed; most chunks have none of this.</summary>
/// <param name="Attempts">How often it was issued.</param>
/// <param name="Failures">How often it failed.</param>
/// <param name="FailedOn">The worker it failed on last: another one tries it next, where there is one.</param>
internal sealed record ChunkTrouble(int Attempts, int Failures, WorkerKey? FailedOn)
{
    /// <summary>A chunk that was issued once.</summary>
    public static ChunkTrouble None { get; } = new(1, 0, null);

    /// <summary>How many of the attempts were made although nothing was wrong: copies and verifications.</summary>
    public int Extra { get; init; }

    /// <summary>The worker that said that it fails everywhere; null where none did.</summary>
    public WorkerKey? HopelessOn { get; init; }
}
