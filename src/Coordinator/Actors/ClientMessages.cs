using ActorHutch.Coordinator.Scheduling;
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

/// <summary>The first chunks are out.</summary>
internal sealed record JobStarted(JobState State);

/// <summary>The job is over.</summary>
internal sealed record JobFinished(JobResult Result);
