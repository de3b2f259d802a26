using System.Collections.Immutable;

namespace ActorHutch.Coordinator.Scheduling;

/// <summary>An attempt at a chunk that has not been answered for.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Worker">Whose it is.</param>
internal sealed record Attempt(int Number, WorkerKey Worker);

/// <summary>How an attempt at a chunk went wrong.</summary>
internal enum SetbackKind
{
    /// <summary>The worker was lost with it.</summary>
    Lost,

    /// <summary>The worker said that it failed, or its result has another shape.</summary>
    Failed,

    /// <summary>The worker said that it fails everywhere, or its result holds a value that is not finite.</summary>
    Hopeless,

    /// <summary>The worker said that the chunk's samples are wrong.</summary>
    Input,
}

/// <summary>An attempt at a chunk that went wrong.</summary>
/// <param name="Worker">Whose it was.</param>
/// <param name="Kind">How.</param>
/// <param name="What">What happened, for people.</param>
internal readonly record struct Setback(WorkerKey Worker, SetbackKind Kind, string What);

/// <summary>What is remembered of a chunk that was issued more than once, or went wrong; most chunks have none of this.</summary>
/// <param name="Attempts">How often it was issued.</param>
/// <param name="Setbacks">The attempts that went wrong. Tries are chosen, and counted, by distinct workers.</param>
internal sealed record ChunkTrouble(int Attempts, ImmutableArray<Setback> Setbacks)
{
    /// <summary>A chunk that was issued once.</summary>
    public static ChunkTrouble None { get; } = new(1, []);

    /// <summary>Whether it went wrong on a worker, in any life of it.</summary>
    public bool WentWrongOn(string worker) => Setbacks.Any(setback => setback.Worker.Id == worker);

    /// <summary>Whether a worker said that it failed, in any life of it.</summary>
    public bool FailedOn(string worker) =>
        Setbacks.Any(setback => setback.Kind != SetbackKind.Lost && setback.Worker.Id == worker);
}
