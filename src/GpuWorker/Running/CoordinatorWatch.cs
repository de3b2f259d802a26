using ActorHutch.GpuWorker.Actors;
using ActorHutch.Shared.Actors;
using ActorHutch.Shared.Health;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Messages;
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;

namespace ActorHutch.GpuWorker.Running;

/// <summary>How a worker node's time in a cluster ended.</summary>
internal enum MembershipEnd
{
    /// <summary>The coordinator is gone, or gave this node up.</summary>
    CoordinatorLost,

    /// <summary>There was no coordinator for longer than the node is told to look for one.</summary>
    GaveUp,

    /// <summary>The coordinator said that its work is done.</summary>
    Dismissed,

    /// <summary>The node was told to leave.</summary>
    Left,
}

/// <summary>
/// Looks for the coordinator among the cluster's members, tells the workers where it is, and says when there is none any
/// more. The oldest is the one, should there be several.
/// </summary>
internal sealed class CoordinatorWatch : HandlerActor, IWithTimers
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<UniqueAddress, Member> _coordinators = [];
    private readonly HashSet<UniqueAddress> _unreachable = [];
    private readonly IReadOnlyList<IActorRef> _workers;
    private readonly TaskCompletionSource<MembershipEnd> _end;
    private readonly NodeSettings _node;
    private readonly bool _untilJobDone;
    private readonly SearchTime _search;
    private readonly NodeHealth _health;
    private readonly HashSet<string> _verified = [];
    private Member? _current;
    private long _reachableSince;

    public CoordinatorWatch(
        IReadOnlyList<IActorRef> workers, NodeSettings node, bool untilJobDone, SearchTime search, NodeHealth health,
        TaskCompletionSource<MembershipEnd> end)
    {
        (_workers, _node, _untilJobDone, _search, _health, _end) = (workers, node, untilJobDone, search, health, end);
        _reachableSince = search.Now;
        Receive<ClusterEvent.MemberUp>(message => Add(message.Member));
        Receive<ClusterEvent.MemberWeaklyUp>(message => Add(message.Member));
        Receive<ClusterEvent.MemberRemoved>(message => Remove(message.Member));
        Receive<ClusterEvent.UnreachableMember>(message => _unreachable.Add(message.Member.UniqueAddress));
        Receive<ClusterEvent.ReachableMember>(message => _unreachable.Remove(message.Member.UniqueAddress));
        Receive<ClusterEvent.IMemberEvent>(_ => { });
        Receive<ReplicaState>(OnReplicaState);
        Receive<Dismiss>(_ => OnDismiss());
        Receive<LookDue>(_ => Look());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        _log.Info("This node is {Address}; it looks for a coordinator at {SeedNodes}", _cluster.SelfAddress, string.Join(", ", _node.SeedNodes));
        _cluster.Subscribe(
            Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents,
            typeof(ClusterEvent.IMemberEvent), typeof(ClusterEvent.IReachabilityEvent));
        Context.System.EventStream.Subscribe(Self, typeof(Dismiss));
        Context.System.EventStream.Subscribe(Self, typeof(ReplicaState));
        Timers.StartPeriodicTimer(nameof(LookDue), new LookDue(), Interval);
    }

    protected override void PostStop()
    {
        _cluster.Unsubscribe(Self);
        _health.Set(NodeHealth.Member, false);
        _health.Set(WorkerNode.ReplicaCondition, false);
    }

    private void Add(Member member)
    {
        if (member.UniqueAddress.Equals(_cluster.SelfUniqueAddress))
        {
            _health.Set(NodeHealth.Member, member.Status == MemberStatus.Up);
            // Having joined, it waits for a coordinator from now on, not from when it began to ask.
            _reachableSince = _search.Now;
        }

        if (!member.HasRole(NodeSettings.CoordinatorRole)) return;
        _coordinators[member.UniqueAddress] = member;
        Choose();
    }

    private void Remove(Member member)
    {
        _unreachable.Remove(member.UniqueAddress);
        if (!_coordinators.Remove(member.UniqueAddress)) return;
        Choose();
        if (_coordinators.Count == 0) _end.TrySetResult(MembershipEnd.CoordinatorLost);
    }

    private void Choose()
    {
        var oldest = _coordinators.Values.Aggregate(
            default(Member), (oldest, member) => oldest is null || member.IsOlderThan(oldest) ? member : oldest);
        if (oldest is null || oldest.UniqueAddress.Equals(_current?.UniqueAddress)) return;
        _current = oldest;
        _log.Info("The coordinator is at {Address}", oldest.Address);
        string path = new RootActorPath(oldest.Address).ToStringWithAddress().TrimEnd('/') + CoordinatorAddress.Path;
        foreach (var worker in _workers) worker.Tell(new CoordinatorFound(path));
    }

    private void OnDismiss()
    {
        // Each worker of the process passes it on.
        if (!_end.TrySetResult(MembershipEnd.Dismissed)) return;
        if (_untilJobDone) _log.Info("The coordinator's work is done; this worker ends");
        else _log.Info("The coordinator's work is done; this worker waits for another one, for up to {JoinTimeout}", SeedNodes.Seconds(_node.JoinTimeout!.Value));
    }

    private void OnReplicaState(ReplicaState replica)
    {
        if (replica.Verified) _verified.Add(replica.Worker);
        else _verified.Remove(replica.Worker);
        _health.Set(WorkerNode.ReplicaCondition, _verified.Count == _workers.Count);
    }

    private void Look()
    {
        if (_coordinators.Keys.Any(address => !_unreachable.Contains(address)))
        {
            _reachableSince = _search.Now;
            _search.Found();
            return;
        }

        if (_search.IsOver) _end.TrySetResult(MembershipEnd.GaveUp);
        else if (_cluster.IsUp && _search.Since(_reachableSince) > NodeSettings.Patience)
            _end.TrySetResult(MembershipEnd.CoordinatorLost);
    }

    private sealed record LookDue;
}
