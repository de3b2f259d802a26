using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.Dashboard;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Jobs;
using Akka.Actor;

namespace ActorHutch.Coordinator.Running;

/// <summary>A coordinator with workers, in one process or in many: runs jobs, one after another.</summary>
/// <param name="system">Its actor system, which ends with it.</param>
/// <param name="coordinator">The coordinator.</param>
/// <param name="workers">The workers of this process.</param>
internal abstract class Session(ActorSystem system, IActorRef coordinator, IReadOnlyList<IActorRef> workers) : IAsyncDisposable
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LookTimeout = TimeSpan.FromSeconds(10);

    private readonly JobClient _client = new(system, coordinator);

    /// <summary>Is told what the job comes to; null where nobody watches it.</summary>
    public JobFeed? Feed { get; set; }

    /// <summary>Whether two workers of one kind disagreed about a chunk of a job that has its result, which may be wrong.</summary>
    public bool HasDisagreements { get; private set; }

    /// <summary>The actor system.</summary>
    protected ActorSystem System => system;

    /// <summary>The coordinator.</summary>
    protected IActorRef Coordinator => coordinator;

    /// <summary>
    /// Runs a job on all workers: once more, in double precision, where single precision is not enough and the number type is
    /// left to the program.
    /// </summary>
    /// <param name="spec">What to compute.</param>
    /// <param name="laneLimit">An exact trace of more basis vectors is not begun.</param>
    /// <param name="observer">Looks on; may be null.</param>
    /// <param name="cancellation">Interrupts the job, which then ends with what it has.</param>
    public async Task<JobResult> RunAsync(
        JobSpec spec, long? laneLimit = null, IJobObserver? observer = null, CancellationToken cancellation = default)
    {
        var policy = NextPolicy() with { LaneLimit = laneLimit };
        var result = await _client.RunAsync(spec, policy, observer, cancellation).ConfigureAwait(false);
        if (result.Outcome is { End: JobEnd.Imprecise, Message: { } why } && policy.PicksPrecision)
        {
            observer?.Again(why);
            result = await _client.RunAsync(
                spec with { Dtype = Dtype.Float64 }, NextPolicy() with { LaneLimit = laneLimit }, observer, cancellation).ConfigureAwait(false);
        }

        HasDisagreements |= result.State.Counts.Disagreements.Length > 0;
        return result;
    }

    /// <summary>Ends the job that runs, since a file that it is made from is not what it was.</summary>
    public void OnChanged(FileChangedException error) => coordinator.Tell(new InputAtFault(error.Message));

    /// <summary>How the job that runs is.</summary>
    /// <exception cref="AskTimeoutException">The coordinator has not answered in time.</exception>
    public Task<JobLook> LookAsync(CancellationToken cancellation) =>
        coordinator.Ask<JobLook>(new LookAtJob(), LookTimeout, cancellation);

    /// <summary>All that was asked for is done.</summary>
    public virtual Task CompleteAsync() => Task.CompletedTask;

    /// <summary>Stops its actors.</summary>
    public virtual async ValueTask DisposeAsync()
    {
        await StopWorkersAsync().ConfigureAwait(false);
        await NodeSystem.FlushLogAsync(system).ConfigureAwait(false);
        await NodeSystem.StopAsync(system).ConfigureAwait(false);
    }

    /// <summary>
    /// Workers go first, and by the mailbox: then they hear of their job's end, and give up what they compute.
    /// </summary>
    private async Task StopWorkersAsync()
    {
        try
        {
            await Task.WhenAll(workers.Select(worker => worker.GracefulStop(StopTimeout))).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // A computation that cannot be interrupted: the process will end it.
        }
    }

    /// <summary>What the next job puts up with.</summary>
    protected abstract JobPolicy NextPolicy();
}
