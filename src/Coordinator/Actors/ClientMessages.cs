using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Statistics;
using ActorHutch.Shared.Jobs;
using Akka.Actor;

namespace ActorHutch.Coordinator.Actors;

/// <summary>Run a job; answered by <see cref="JobStarted"/> and <see cref="JobFinished"/>, or by the latter alone.</summary>
internal sealed record StartJob(Guid Job, JobSpec Spec, JobPolicy Policy);

/// <summary>Let it be: the job finishes with what it has.</summary>
internal sealed record InterruptJob(Guid Job);

/// <summary>
/// Tell the workers that all is done, those that are yet to come too; answered by <see cref="WorkersDismissed"/>.
/// </summary>
internal sealed record DismissWorkers;

/// <summary>The workers were told, or, where there were none, the first that came.</summary>
internal sealed record WorkersDismissed;

/// <summary>A node of the cluster does not answer; it may come back.</summary>
internal sealed record NodeUnreachable(Address Address);

/// <summary>Workers prepare, or are waited for.</summary>
internal sealed record JobPreparing(JobState State);

/// <summary>Tell how the job is; answered by <see cref="JobLook"/>. Whoever asks decides how often.</summary>
internal sealed record LookAtJob;

/// <summary>How the job is: a value, so that looking closer at it is the asker's work and not the coordinator's.</summary>
/// <param name="State">Its schedule; null where there is no job.</param>
/// <param name="Progress">How far it is; null before its first chunk is out.</param>
/// <param name="Points">The moments of its first chunks, at evenly spaced numbers of chunks.</param>
/// <param name="Stride">How many chunks lie between two of them.</param>
internal sealed record JobLook(JobState? State, JobProgress? Progress, IReadOnlyList<Moments> Points, long Stride)
{
    public JobLook(JobState? state, JobProgress? progress, EstimateHistory? history)
        : this(state, progress, history?.Points ?? [], history?.Stride ?? 1)
    {
    }
}

/// <summary>The first chunks were sent to workers.</summary>
internal sealed record JobStarted(JobState State);

/// <summary>The job is over.</summary>
internal sealed record JobFinished(JobResult Result);
