using System.Diagnostics.CodeAnalysis;
using ActorHutch.Coordinator.Journal;
using ActorHutch.Coordinator.Reports;
using ActorHutch.Coordinator.Scheduling;
using Akka.Actor;

namespace ActorHutch.Coordinator.Actors;

/// <summary>A job that has not ended.</summary>
/// <param name="client">Who asked for it.</param>
/// <param name="state">Its schedule.</param>
/// <param name="start">The timestamp of its start.</param>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable",
    Justification = "Whoever fetches may be about to look at the token, and its source holds nothing that is not garbage.")]
internal sealed class RunningJob(IActorRef client, JobState state, long start)
{
    private readonly CancellationTokenSource _over = new();

    public IActorRef Client => client;

    public JobState State { get; set; } = state;

    /// <summary>It is over.</summary>
    public void End() => _over.Cancel();

    public ChunkResults? Results { get; set; }

    /// <summary>How it ended, where what was accepted was still being merged then; null where it has not, or nothing was.</summary>
    public JobOutcome? Ending { get; set; }

    /// <summary>When each chunk runs where; null where nobody asked.</summary>
    public ChunkTimeline? Timeline { get; init; }

    /// <summary>Ends what is fetched for it once it is over.</summary>
    public CancellationToken Over => _over.Token;

    public long Start => start;

    /// <summary>When the log says how far it is.</summary>
    public Milestones Logged { get; } = new(TimeSpan.FromSeconds(0.5));

    /// <summary>How many chunks this run has accepted.</summary>
    public long Accepted { get; set; }

    public long? FirstChunk { get; set; }

    /// <summary>What has to be written before it counts; null without a journal.</summary>
    public WriteAhead? Ahead { get; set; }

    /// <summary>What earlier runs left in the journal; null without one.</summary>
    public JournalOpened? Earlier { get; init; }
}
