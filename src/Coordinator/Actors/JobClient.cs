using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Shared.Actors;
using ActorHutch.Shared.Jobs;
using Akka.Actor;

namespace ActorHutch.Coordinator.Actors;

/// <summary>Runs jobs on a coordinator, for code that is not an actor.</summary>
internal sealed class JobClient(IActorRefFactory system, IActorRef coordinator)
{
    /// <summary>Runs a job to its end.</summary>
    /// <param name="spec">What to compute.</param>
    /// <param name="policy">What the job puts up with.</param>
    /// <param name="observer">Looks on; may be null.</param>
    /// <param name="cancellation">Interrupts the job, which then ends with what it has.</param>
    /// <exception cref="InvalidOperationException">The coordinator is busy, or it failed; the log says why.</exception>
    public async Task<JobResult> RunAsync(
        JobSpec spec, JobPolicy policy, IJobObserver? observer = null, CancellationToken cancellation = default)
    {
        var job = Guid.CreateVersion7();
        var finished = new TaskCompletionSource<JobResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        var listener = system.ActorOf(
            ActorProps.Of(() => new JobListener(coordinator, new StartJob(job, spec, policy), observer, finished)));
        await using var registration = cancellation.Register(
            // By way of the listener, so that it cannot overtake the job's start.
            () => listener.Tell(new InterruptJob(job)));
        return await finished.Task.ConfigureAwait(false);
    }

    private sealed class JobListener : HandlerActor
    {
        private readonly IActorRef _coordinator;
        private readonly StartJob _start;
        private readonly TaskCompletionSource<JobResult> _finished;

        public JobListener(
            IActorRef coordinator, StartJob start, IJobObserver? observer, TaskCompletionSource<JobResult> finished)
        {
            _coordinator = coordinator;
            _start = start;
            _finished = finished;
            Receive<InterruptJob>(coordinator.Tell);
            Receive<JobPreparing>(message => observer?.Preparing(message.State));
            Receive<JobStarted>(message => observer?.Started(message.State));
            Receive<JobProgress>(message => observer?.Progressed(message));
            Receive<JobFinished>(message => { finished.TrySetResult(message.Result); Context.Stop(Self); });
            Receive<Status.Failure>(message => { finished.TrySetException(message.Cause); Context.Stop(Self); });
            Receive<Terminated>(_ =>
            {
                finished.TrySetException(new InvalidOperationException("The coordinator stopped; see the log for the reason."));
                Context.Stop(Self);
            });
        }

        protected override void PreStart()
        {
            Context.Watch(_coordinator);
            _coordinator.Tell(_start);
        }

        /// <summary>Nobody may wait for ever, whatever stopped this actor.</summary>
        protected override void PostStop() =>
            _finished.TrySetException(new InvalidOperationException("The job was cancelled; see the log for the reason."));
    }
}
