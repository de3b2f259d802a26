using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.Scheduling;

namespace ActorHutch.Coordinator.CommandLine.Live;

/// <summary>Shows people how far a job is.</summary>
internal interface IProgressDisplay
{
    /// <summary>Workers are waited for.</summary>
    void Waiting(JobState state);

    /// <summary>The job runs.</summary>
    /// <param name="title">What of several jobs it is; null where it is the only one.</param>
    /// <param name="progress">How far it is.</param>
    void Show(string? title, JobProgress progress);

    /// <summary>Makes room for what comes next.</summary>
    void Clear();
}
