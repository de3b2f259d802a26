using ActorHutch.Curvature;
using ActorHutch.Fakes;
using ActorHutch.GpuWorker.Actors;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using ActorHutch.Shared.Wire;
using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit.Xunit;

namespace ActorHutch.GpuWorker.Tests.Actors;

/// <summary>A worker whose coordinator, which the test plays, is in another process.</summary>
public sealed class RemoteWorkerTests : TestKit
{
    private static readonly Config Settings = ConfigurationFactory.ParseString(
        "akka { actor.provider = remote, remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 } }")
        .WithFallback(WireConfiguration.Configuration)
        .WithFallback(ActorHutchSystem.Configuration);

    private readonly ActorSystem _other = ActorSystem.Create("other", Settings);
    private readonly Guid _job = Guid.NewGuid();

    public RemoteWorkerTests() : base(Settings)
    {
        var self = TestActor;
        Sys.ActorOf(Props.Create(() => new Door(self)), CoordinatorAddress.Name);
        var address = ((ExtendedActorSystem)Sys).Provider.DefaultAddress;
        var settings = new WorkerSettings("worker-1", "cpu") { Coordinator = address + CoordinatorAddress.Path };
        _other.ActorOf(WorkerActor.Props(settings, new FakeReplicaFactory()));
        var registration = ExpectMsg<RegisterWorker>(TimeSpan.FromSeconds(20));
        LastSender.Tell(new WorkerAccepted(registration.Incarnation), TestActor);
    }

    [Fact]
    public void It_refuses_a_job_whose_chunks_do_not_fit_a_message()
    {
        // The fake has two blocks.
        int most = WireFrame.MaxProbes(2);
        LastSender.Tell(new PrepareReplica(_job, new JobSpec { Probes = 1_000_000, VBatch = most + 1 }), TestActor);

        var failed = FishForMessage<ReplicaFailed>(_ => true);

        Assert.False(failed.Retriable);
        Assert.StartsWith("--v-batch 7498: must be at most 7497 on a cluster", failed.What, StringComparison.Ordinal);
    }

    [Fact]
    public void The_largest_chunk_arrives()
    {
        int most = WireFrame.MaxProbes(2);
        LastSender.Tell(new PrepareReplica(_job, new JobSpec { Probes = 1_000_000, VBatch = most }), TestActor);
        FishForMessage<ReplicaReady>(_ => true);

        LastSender.Tell(new RunChunk(_job, 0, 1, new Tile(0, most, 0, 4)), TestActor);

        Assert.Equal(most, FishForMessage<ChunkDone>(_ => true).Values.Count);
    }

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
