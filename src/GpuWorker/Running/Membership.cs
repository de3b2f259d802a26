using ActorHutch.GpuWorker.Actors;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.Shared.Actors;
using ActorHutch.Shared.Health;
using ActorHutch.Shared.Hosting;
using Akka.Actor;
using Akka.Cluster;

namespace ActorHutch.GpuWorker.Running;

/// <summary>
/// One membership in one cluster, from joining to leaving. A node that loses its coordinator ends it and begins another:
/// an actor system that was given up cannot come back, and a new one is there in less than a second.
/// </summary>
internal sealed class Membership : IAsyncDisposable
{
    /// <summary>How long a chunk that was begun may take to be finished when the node is told to leave.</summary>
    private static readonly TimeSpan LeaveTime = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan DownTime = TimeSpan.FromSeconds(5);

    private readonly ActorSystem _system;
    private readonly IActorRef[] _workers;
    private readonly TaskCompletionSource<MembershipEnd> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Membership(ActorSystem system, IReadOnlyList<WorkerSettings> workers, IReplicaFactory replicas, SearchTime search, NodeHealth health, NodeSettings cluster, bool untilJobDone)
    {
        _system = system;
        _workers = [.. workers.Select((worker, i) => _system.ActorOf(WorkerActor.Props(worker, replicas), $"worker-{i + 1}"))];
        _system.ActorOf(ActorProps.Of(() => new CoordinatorWatch(_workers, cluster, untilJobDone, search, health, _end)), "coordinator-watch");
        // Given up by the coordinator, which the cluster tells it as soon as it can.
        _ = _system.WhenTerminated.ContinueWith(
            _ => _end.TrySetResult(MembershipEnd.CoordinatorLost), TaskScheduler.Default);
    }

    /// <summary>When it ended, and how.</summary>
    public Task<MembershipEnd> End => _end.Task;

    /// <summary>Starts the node, which joins in its own time.</summary>
    public static Membership Begin(
        NodeSettings cluster, IReadOnlyList<WorkerSettings> workers, IReplicaFactory replicas, SearchTime search,
        NodeHealth health, LogSettings log, bool untilJobDone) =>
        new(NodeSystem.Start(log, cluster), workers, replicas, search, health, cluster, untilJobDone);

    /// <summary>Finishes what was begun, hands back the rest, and leaves the cluster.</summary>
    public async Task LeaveAsync()
    {
        // A worker that does not come to its end in time is stopped, and what it was at is given to another.
        await Task.WhenAll(_workers.Select(worker => worker.GracefulStop(LeaveTime, new Leave())))
            .WaitAsync(LeaveTime).ContinueWith(_ => { }, TaskScheduler.Default).ConfigureAwait(false);
    }

    /// <summary>Goes without a word: there is nobody to say it to.</summary>
    public async Task GoAsync()
    {
        var cluster = Cluster.Get(_system);
        if (!cluster.IsTerminated) cluster.Down(cluster.SelfAddress);
        await _system.WhenTerminated.WaitAsync(DownTime).ContinueWith(_ => { }, TaskScheduler.Default).ConfigureAwait(false);
    }

    public ValueTask DisposeAsync() => new(NodeSystem.StopAsync(_system));
}
