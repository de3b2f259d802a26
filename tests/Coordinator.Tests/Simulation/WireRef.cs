using Akka.Actor;
using Akka.Dispatch.SysMsg;

namespace ActorHutch.Coordinator.Tests.Simulation;

/// <summary>An actor of another process, as its peers know it: what is told to it goes onto the wire.</summary>
/// <param name="system">The actor system.</param>
/// <param name="host">The host that it seems to be on.</param>
/// <param name="uid">Tells it from others of its name.</param>
/// <param name="send">Puts a message, with who sends it, onto the wire.</param>
internal sealed class WireRef(ActorSystem system, string host, int uid, Action<object, IActorRef> send) : MinimalActorRef
{
    private readonly List<IInternalActorRef> _watchers = [];
    private bool _gone;

    public override ActorPath Path { get; } =
        (new RootActorPath(new Address("akka", system.Name, host, 1)) / "user" / "actor").WithUid(uid);

    public override IActorRefProvider Provider => ((ExtendedActorSystem)system).Provider;

    /// <summary>Whoever watches it is told that it is gone.</summary>
    public void Terminate()
    {
        _gone = true;
        foreach (var watcher in _watchers) Notify(watcher);
        _watchers.Clear();
    }

    public override void SendSystemMessage(ISystemMessage message)
    {
        switch (message)
        {
            case Watch watch when _gone:
                Notify(watch.Watcher);
                break;
            case Watch watch:
                if (!_watchers.Contains(watch.Watcher)) _watchers.Add(watch.Watcher);
                break;
            case Unwatch unwatch:
                _watchers.Remove(unwatch.Watcher);
                break;
        }
    }

    protected override void TellInternal(object message, IActorRef sender) => send(message, sender);

    private void Notify(IInternalActorRef watcher) =>
        watcher.SendSystemMessage(new DeathWatchNotification(this, existenceConfirmed: true, addressTerminated: false));
}
