using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.Journal;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature;
using ActorHutch.Shared.Actors;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Health;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Messages;
using ActorHutch.Shared.Metrics;
using Akka.Actor;
using Akka.Cluster;

namespace ActorHutch.Coordinator.Running;

/// <summary>A coordinator whose workers are processes of their own, on this machine or on others.</summary>
internal sealed class ClusterSession : Session
{
    /// <summary>A worker is given up after so many intervals without a word, though its node answers.</summary>
    private const int MaxSilence = 5;

    /// <summary>
    /// How long a coordinator that had no worker waits for one, to tell it that all is done: those of one that died look
    /// for another once their patience is over.
    /// </summary>
    private static readonly TimeSpan DismissTime = 2 * NodeSettings.Patience;

    private readonly ClusterRequest _request;
    private readonly JobPolicy _policy;
    private readonly NodeHealth _health;
    private HealthEndpoint? _endpoint;
    private bool _ranBefore;

    private ClusterSession(
        ActorSystem system, IActorRef coordinator, ClusterRequest request, JobPolicy policy, NodeHealth health)
        : base(system, coordinator, []) =>
        (_request, _policy, _health) = (request, policy, health);

    /// <summary>Starts the node and waits until it is a member of a cluster: its own, or the one of its seed nodes.</summary>
    /// <param name="request">What the command line says.</param>
    /// <param name="policy">What the command line says about the jobs.</param>
    /// <param name="files">What workers may fetch.</param>
    /// <param name="log">Where log lines go, and which.</param>
    /// <param name="state">Where what is accepted is kept; null for nowhere. The caller closes it after the session.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <param name="metrics">What is told beside its health; null for nothing.</param>
    /// <exception cref="CurvatureException">It did not become a member in time.</exception>
    /// <exception cref="ListenException">An address cannot be listened on.</exception>
    public static async Task<ClusterSession> StartAsync(
        ClusterRequest request, JobPolicy policy, BlobStore files, LogSettings log, StateDirectory? state,
        CancellationToken cancellation, MetricsExporter? metrics = null)
    {
        var system = NodeSystem.Start(log, request.Node, state?.Configuration);
        var health = new NodeHealth(NodeHealth.Member);
        try
        {
            var coordinator = system.ActorOf(CoordinatorActor.Props(journaled: state is not null, blobs: files), CoordinatorAddress.Name);
            system.ActorOf(BlobActor.Props(files), BlobActor.Name);
            var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            system.ActorOf(ActorProps.Of(() => new NodeWatch(coordinator, health, up)), "node-watch");
            var session = new ClusterSession(system, coordinator, request, policy, health);
            if (request.Health is { } listen)
                session._endpoint = await HealthEndpoint.StartAsync(listen, health, metrics, request.Node.MetricsForOthers).ConfigureAwait(false);

            var cluster = Cluster.Get(system);
            if (request.Node.SeedNodes.Count == 0) cluster.Join(cluster.SelfAddress);
            await up.Task.WaitAsync(request.Node.JoinTimeout!.Value, cancellation).ConfigureAwait(false);
            return session;
        }
        catch (Exception error)
        {
            system.Dispose();
            if (error is not TimeoutException) throw;
            string head = $"This node could not join a cluster in {SeedNodes.Seconds(request.Node.JoinTimeout!.Value)}.";
            throw new CurvatureException(await SeedNodes.ExplainAsync(head, request.Node, cancellation).ConfigureAwait(false));
        }
    }

    /// <summary>How many workers are waited for, and how one is started, for people.</summary>
    public string HowToJoin
    {
        get
        {
            var self = Cluster.Get(System).SelfAddress;
            return _request.HowToJoin(new HostPort(self.Host, self.Port!.Value));
        }
    }

    /// <summary>Tells the workers that are there for this job alone that they can go.</summary>
    public override async Task CompleteAsync()
    {
        try
        {
            await Coordinator.Ask<WorkersDismissed>(new DismissWorkers(), DismissTime).ConfigureAwait(false);
        }
        catch (AskTimeoutException)
        {
            // They find out by themselves.
        }
    }

    public override async ValueTask DisposeAsync()
    {
        _health.Leave();
        await base.DisposeAsync().ConfigureAwait(false);
        if (_endpoint is not null) await _endpoint.DisposeAsync().ConfigureAwait(false);
    }

    protected override JobPolicy NextPolicy()
    {
        // What follows the first job takes the workers that are left.
        int minWorkers = _ranBefore ? 1 : _request.MinWorkers;
        _ranBefore = true;
        return _policy with
        {
            MinWorkers = minWorkers,
            WorkerWait = _request.Node.JoinTimeout!.Value,
            CopySlowest = true,
            MaxSilence = MaxSilence,
        };
    }
}
