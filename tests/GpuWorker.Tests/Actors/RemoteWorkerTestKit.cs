using ActorHutch.Fakes;
using ActorHutch.GpuWorker.Actors;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Messages;
using ActorHutch.Shared.Wire;
using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit.Xunit;

namespace ActorHutch.GpuWorker.Tests.Actors;

/// <summary>A worker, and a test that plays its coordinator in another process, as far as an actor system is one.</summary>
public abstract class RemoteWorkerTestKit : TestKit
{
    private static readonly Config Settings = ConfigurationFactory.ParseString(
        "akka { test.single-expect-default = 30s, actor.provider = remote, remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 } }")
        .WithFallback(WireConfiguration.Configuration)
        .WithFallback(ActorHutchSystem.Configuration);

    private readonly ActorSystem _other = ActorSystem.Create("other", Settings);

    protected RemoteWorkerTestKit() : base(Settings)
    {
        var self = TestActor;
        Sys.ActorOf(Props.Create(() => new Door(self)), CoordinatorAddress.Name);
        var address = ((ExtendedActorSystem)Sys).Provider.DefaultAddress;
        var settings = new WorkerSettings("worker-1", "cpu")
        {
            Coordinator = address + CoordinatorAddress.Path,
            StatusInterval = TimeSpan.FromMilliseconds(200),
        };
        AtHome = _other.ActorOf(WorkerActor.Props(settings, new FakeReplicaFactory()));
        var registration = ExpectMsg<RegisterWorker>(TimeSpan.FromSeconds(20));
        Worker = LastSender;
        Worker.Tell(new WorkerAccepted(registration.Incarnation), TestActor);
    }

    /// <summary>The worker, as its coordinator knows it.</summary>
    protected IActorRef Worker { get; }

    /// <summary>The worker, as its own process knows it.</summary>
    protected IActorRef AtHome { get; }

    protected override void AfterAll()
    {
        _other.Terminate().Wait();
        base.AfterAll();
    }

    private sealed class Door : ReceiveActor
    {
        public Door(IActorRef inside) => ReceiveAny(inside.Forward);
    }
}
