using ActorHutch.Fakes;
using ActorHutch.GpuWorker.Actors;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Messages;
using Akka.Actor;
using Akka.Configuration;
using Akka.Streams;
using Akka.TestKit;
using Akka.TestKit.Xunit;

namespace ActorHutch.GpuWorker.Tests.Actors;

/// <summary>A worker, and a test that plays its coordinator.</summary>
public abstract class WorkerTestKit() : TestKit(Settings)
{
    private static readonly Config Settings = ConfigurationFactory
        .ParseString("akka.loglevel = DEBUG")
        .WithFallback(ActorHutchSystem.Configuration)
        .WithFallback(ActorMaterializer.DefaultConfig());

    private protected TestProbe StartProbe() => CreateTestProbe("coordinator-of-test");

    private protected IActorRef StartWorker(
        FakeReplicaFactory replicas, out TestProbe coordinator, Func<WorkerSettings, WorkerSettings>? with = null)
    {
        coordinator = StartProbe();
        var settings = new WorkerSettings("worker-1", "cpu")
        {
            Coordinator = coordinator.Ref.Path.ToStringWithoutAddress(),
            RegistrationInterval = TimeSpan.FromMilliseconds(50),
        };
        return Sys.ActorOf(WorkerActor.Props(with?.Invoke(settings) ?? settings, replicas));
    }

    private protected static void Accept(TestProbe coordinator, RegisterWorker registration) =>
        coordinator.Reply(new WorkerAccepted(registration.Incarnation));

    private protected IActorRef Registered(
        FakeReplicaFactory replicas, out TestProbe coordinator, Func<WorkerSettings, WorkerSettings>? with = null)
    {
        var worker = StartWorker(replicas, out coordinator, with);
        Accept(coordinator, coordinator.ExpectMsg<RegisterWorker>());
        coordinator.IgnoreMessages<RegisterWorker>(_ => true);
        return worker;
    }
}
