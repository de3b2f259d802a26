using ActorHutch.Curvature.Estimation;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Scheduling;

/// <summary>What a job came to.</summary>
/// <param name="State">Its last state: outcome, workers, counts.</param>
/// <param name="Estimate">What the merged chunks say; null where there are none, and for an exact trace that is not complete.</param>
/// <param name="Setup">From the job's start to its first chunk: replicas and warm-up.</param>
/// <param name="Elapsed">From its first chunk to its end.</param>
internal sealed record JobResult(
    JobState State, TraceEstimate? Estimate, TimeSpan Setup, TimeSpan Elapsed)
{
    /// <summary>What of set-up and elapsed time was in earlier runs.</summary>
    public TimeSpan Earlier { get; init; }

    /// <summary>How it came about; null where nobody asked, or nothing was computed.</summary>
    public JobRecord? Record { get; init; }

    /// <summary>How the estimate came about; null where there is none.</summary>
    public EstimateHistory? History { get; init; }

    /// <summary>How much rounding moves the trace; null where that is not known, or nothing.</summary>
    public RoundingError? Rounding => Estimate?.Rounding;

    /// <summary>How long a worker took to find that.</summary>
    public double RoundingSeconds { get; init; }

    /// <summary>How it ended.</summary>
    public JobOutcome Outcome => State.Outcome!;

    /// <summary>What was computed.</summary>
    public JobSpec Spec => State.Spec;

    /// <summary>Whether the result is the one that was asked for.</summary>
    public bool Succeeded => Outcome.End is JobEnd.Completed or JobEnd.TargetReached;

    /// <summary>The probes that the result rests on.</summary>
    public long Probes => Estimate?.Probes ?? 0;

    /// <summary>Probes per second, all workers together; not a number where no time passed.</summary>
    public double ProbesPerSecond => Probes / Elapsed.TotalSeconds;
}
