using ActorHutch.Coordinator.Actors;
using ActorHutch.Shared.Actors;
using ActorHutch.Shared.Health;
using ActorHutch.Shared.Hosting;
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;

namespace ActorHutch.Coordinator.Running;

/// <summary>
/// Tells the coordinator of nodes that do not answer, at once; and gives them up when they do not answer for longer, so
/// that the cluster can take in others. Only the coordinator's node does this: where it is, is the cluster.
/// </summary>
internal sealed class NodeWatch : HandlerActor, IWithTimers
{
    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly IActorRef _coordinator;
    private readonly NodeHealth _health;
    private readonly TaskCompletionSource _up;

    public NodeWatch(IActorRef coordinator, NodeHealth health, TaskCompletionSource up)
    {
        (_coordinator, _health, _up) = (coordinator, health, up);
        Receive<ClusterEvent.MemberUp>(message => OnUp(message.Member));
        Receive<ClusterEvent.IMemberEvent>(_ => { });
        Receive<ClusterEvent.UnreachableMember>(message => OnUnreachable(message.Member));
        Receive<ClusterEvent.ReachableMember>(message => OnReachable(message.Member));
        Receive<PatienceOver>(over => OnPatienceOver(over.Node));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        _log.Info("The coordinator's node is {Address}", _cluster.SelfAddress);
        _cluster.Subscribe(
            Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents,
            typeof(ClusterEvent.IMemberEvent), typeof(ClusterEvent.IReachabilityEvent));
    }

    protected override void PostStop()
    {
        _cluster.Unsubscribe(Self);
        _health.Set(NodeHealth.Member, false);
    }

    private void OnUp(Member member)
    {
        if (!member.UniqueAddress.Equals(_cluster.SelfUniqueAddress)) return;
        _health.Set(NodeHealth.Member, true);
        _up.TrySetResult();
    }

    private void OnUnreachable(Member member)
    {
        _coordinator.Tell(new NodeUnreachable(member.Address));
        Timers.StartSingleTimer(member.UniqueAddress, new PatienceOver(member), NodeSettings.Patience);
    }

    private void OnReachable(Member member)
    {
        _log.Info("Node {Node} can be reached again", member.Address);
        Timers.Cancel(member.UniqueAddress);
    }

    private void OnPatienceOver(Member node)
    {
        // Another process may be at the same address by now.
        bool isThatOne = _cluster.State.Unreachable.Any(member => member.UniqueAddress.Equals(node.UniqueAddress));
        if (!isThatOne) return;
        // That it cannot be reached has been said.
        _log.Debug("Node {Node} is given up", node.Address);
        _cluster.Down(node.Address);
    }

    private sealed record PatienceOver(Member Node);
}
