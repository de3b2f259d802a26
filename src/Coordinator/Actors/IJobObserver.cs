using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Estimation;

namespace ActorHutch.Coordinator.Actors;

/// <summary>Looks on while a job runs. Called on another thread, one call at a time, and never after the job's end.</summary>
internal interface IJobObserver
{
    /// <summary>The first chunks are out.</summary>
    void Started(JobState state);

    /// <summary>Once a second, the job still runs.</summary>
    void Progressed(JobProgress progress);
}

/// <summary>How far a job is.</summary>
/// <param name="Probes">Probes of accepted chunks.</param>
/// <param name="Total">All of them; where there is a target, as many as it will take by what is known so far.</param>
/// <param name="Elapsed">Since the first chunk.</param>
/// <param name="Estimate">What the merged chunks say; null where there are none, and for an exact trace.</param>
internal sealed record JobProgress(long Probes, long Total, TimeSpan Elapsed, TraceEstimate? Estimate);
