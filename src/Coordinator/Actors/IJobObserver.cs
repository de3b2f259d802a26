using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Eigenvalues;
using ActorHutch.Curvature.Estimation;

namespace ActorHutch.Coordinator.Actors;

/// <summary>Looks on while a job runs. Called on another thread, one call at a time, and never after the job's end.</summary>
internal interface IJobObserver
{
    /// <summary>Once a second, workers prepare, or are waited for.</summary>
    void Preparing(JobState state)
    {
    }

    /// <summary>The first chunks were sent to workers.</summary>
    void Started(JobState state);

    /// <summary>The job is run again in double precision. Called between the two runs.</summary>
    /// <param name="why">Why, as a sentence.</param>
    void Again(string why)
    {
    }

    /// <summary>Once a second, the job still runs.</summary>
    void Progressed(JobProgress progress);
}

/// <summary>How far a job is.</summary>
/// <param name="Probes">Probes of accepted chunks.</param>
/// <param name="Total">All of them; where there is a target, as many as it will take by what is known so far.</param>
/// <param name="Elapsed">Since the first chunk.</param>
/// <param name="Estimate">What the merged chunks say; null where there are none, and for an exact trace.</param>
internal sealed record JobProgress(long Probes, long Total, TimeSpan Elapsed, TraceEstimate? Estimate)
{
    /// <summary>The job's schedule, with its workers; null where nobody looked.</summary>
    public JobState? State { get; init; }

    /// <summary>The eigenvalues that are looked for, as far as they are known; null where none are.</summary>
    public EigenvalueEstimate? Eigenvalues { get; init; }

    /// <summary>Whether it will end before <see cref="Total"/>, nobody knows when.</summary>
    public bool IsOpenEnded => State?.Spec.Estimator.FindsEigenvalues ?? false;

    /// <summary>What it counts.</summary>
    public string Unit => State?.Spec.Estimator.Unit ?? "probe";

    /// <summary>How much is done, from 0 to 1.</summary>
    public double Share => Total > 0 ? Math.Clamp((double)Probes / Total, 0, 1) : 0;

    /// <summary>Probes a second, all workers together; not a number where no time passed.</summary>
    public double ProbesPerSecond => Probes / Elapsed.TotalSeconds;

    /// <summary>How long the rest will take at this speed; not finite where nothing is done yet.</summary>
    public double SecondsLeft => IsOpenEnded ? double.NaN : Elapsed.TotalSeconds * (Total - Probes) / Probes;
}
