using ActorHutch.Coordinator.Journal;
using ActorHutch.Coordinator.Reports;
using ActorHutch.Coordinator.Scheduling;
using Akka.Actor;

namespace ActorHutch.Coordinator.Actors;

/// <summary>A job that has not ended.</summary>
/// <param name="client">Who asked for it.</param>
/// <param name="state">Its schedule.</param>
/// <param name="start">The timestamp of its start.</param>
internal sealed class RunningJob(IActorRef client, JobState state, long start)
{
    public IActorRef Client => client;

    public JobState State { get; set; } = state;

    public ChunkResults? Results { get; set; }

    /// <summary>When each chunk runs where; null where nobody asked.</summary>
    public ChunkTimeline? Timeline { get; init; }

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
