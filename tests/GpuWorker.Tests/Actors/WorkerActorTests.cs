using ActorHutch.Curvature;
using ActorHutch.Fakes;
using ActorHutch.GpuWorker.Actors;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using Akka.Actor;
using Akka.TestKit;

namespace ActorHutch.GpuWorker.Tests.Actors;

/// <summary>The worker's side of the protocol; the test plays the coordinator.</summary>
public class WorkerActorTests : WorkerTestKit
{
    private static readonly JobSpec Spec = new() { VBatch = 4, Probes = 40, Seed = 3 };

    private readonly Guid _job = Guid.NewGuid();

    [Fact]
    public void It_registers_until_it_is_answered()
    {
        StartWorker(new FakeReplicaFactory(), out var coordinator);

        var first = coordinator.ExpectMsg<RegisterWorker>();
        var second = coordinator.ExpectMsg<RegisterWorker>();
        Accept(coordinator, second);

        Assert.Equal(("worker-1", "cpu", 1), (first.Id, first.Device, first.Threads));
        Assert.Equal(first, second);
    }

    [Fact]
    public void It_logs_once_that_it_is_refused_and_goes_on_trying()
    {
        StartWorker(new FakeReplicaFactory(), out var coordinator);

        EventFilter.Error(contains: "was refused by").ExpectOne(() =>
        {
            for (int i = 0; i < 3; i++)
            {
                var registration = coordinator.ExpectMsg<RegisterWorker>();
                coordinator.Reply(new WorkerRefused(registration.Incarnation, "another release"));
            }
        });

        var last = coordinator.ExpectMsg<RegisterWorker>();
        Accept(coordinator, last);
        Assert.Equal(ProtocolVersion.Current, last.Protocol);
    }

    [Fact]
    public void It_prepares_a_replica_and_asks_for_one_chunk_more_than_it_computes()
    {
        var worker = Registered(new FakeReplicaFactory(), out var coordinator);

        worker.Tell(new PrepareReplica(_job, Spec), coordinator);

        var ready = coordinator.ExpectMsg<ReplicaReady>();
        Assert.Equal(_job, ready.Job);
        Assert.Equal(["first.weight", "second.weight"], ready.Blocks);
        Assert.Equal("fake", ready.Model.Name);
        coordinator.ExpectMsg(new RequestWork(_job, 2));
    }

    [Fact]
    public void A_chunks_values_come_back_and_the_next_chunk_is_asked_for()
    {
        var worker = Prepared(new FakeReplicaFactory(), out var coordinator);

        worker.Tell(new RunChunk(_job, 5, 2, new Tile(20, 4, 0, 4)), coordinator);

        var done = coordinator.ExpectMsg<ChunkDone>();
        Assert.Equal((_job, 5L, 2), (done.Job, done.Chunk, done.Attempt));
        Assert.Equal(FakeQuadraticForm.Values(Spec.Seed, 20, 4).Values, done.Values.Values);
        Assert.Equal(20, done.Values.FirstProbe);
        Assert.True(done.ComputeSeconds >= 0);
        Assert.Equal(0, done.WaitSeconds);
        coordinator.ExpectMsg(new RequestWork(_job, 1));
    }

    [Fact]
    public void The_replica_lives_on_one_thread_of_its_own()
    {
        var factory = new FakeReplicaFactory();
        var worker = Prepared(factory, out var coordinator);
        worker.Tell(new RunChunk(_job, 0, 1, new Tile(0, 4, 0, 4)), coordinator);
        coordinator.ExpectMsg<ChunkDone>();
        var replica = Assert.Single(factory.Created);

        Watch(worker);
        Sys.Stop(worker);
        ExpectTerminated(worker);

        Assert.True(replica.Disposed);
        Assert.True(Assert.Single(replica.Forms).Disposed);
        Assert.Single(replica.Threads.Distinct());
    }

    [Fact]
    public void It_answers_while_it_computes()
    {
        using var computing = new ManualResetEventSlim();
        var worker = Prepared(Blocking(computing), out var coordinator);
        worker.Tell(new RunChunk(_job, 1, 1, new Tile(4, 4, 0, 4)), coordinator);
        computing.Wait(TestContext.Current.CancellationToken);

        worker.Tell(new Identify(1), coordinator);

        Assert.Equal(worker, coordinator.ExpectMsg<ActorIdentity>().Subject);
    }

    [Fact]
    public void The_jobs_end_stops_the_computation_and_the_chunks_that_wait()
    {
        using var computing = new ManualResetEventSlim();
        var worker = Prepared(Blocking(computing), out var coordinator);
        worker.Tell(new RunChunk(_job, 1, 1, new Tile(4, 4, 0, 4)), coordinator);
        worker.Tell(new RunChunk(_job, 2, 1, new Tile(8, 4, 0, 4)), coordinator);
        computing.Wait(TestContext.Current.CancellationToken);

        worker.Tell(new EndJob(_job), coordinator);

        // The next job is served at once, and nothing was said of the chunks.
        var next = Guid.NewGuid();
        worker.Tell(new PrepareReplica(next, Spec with { Seed = 4 }), coordinator);
        Assert.Equal(next, coordinator.ExpectMsg<ReplicaReady>().Job);
        coordinator.ExpectMsg(new RequestWork(next, 2));
    }

    [Fact]
    public void Jobs_on_the_same_model_share_a_replica_and_have_forms_of_their_own()
    {
        var factory = new FakeReplicaFactory();
        var worker = Prepared(factory, out var coordinator);

        foreach (ulong seed in (ulong[])[4, 5])
        {
            worker.Tell(new PrepareReplica(Guid.NewGuid(), Spec with { Seed = seed }), coordinator);
            coordinator.ExpectMsg<ReplicaReady>();
            coordinator.ExpectMsg<RequestWork>();
        }

        var replica = Assert.Single(factory.Created);
        Assert.Equal([true, true, false], replica.Forms.Select(form => form.Disposed));
    }

    [Fact]
    public void A_job_in_another_number_type_gets_another_replica()
    {
        var factory = new FakeReplicaFactory();
        var worker = Prepared(factory, out var coordinator);

        worker.Tell(new PrepareReplica(Guid.NewGuid(), Spec with { Dtype = Dtype.Float64 }), coordinator);

        coordinator.ExpectMsg<ReplicaReady>();
        Assert.Equal([Dtype.Float32, Dtype.Float64], factory.Created.Select(replica => replica.Key.Dtype));
        Assert.Equal([true, false], factory.Created.Select(replica => replica.Disposed));
    }

    [Fact]
    public void A_message_of_an_earlier_job_is_dropped_and_counted()
    {
        var worker = Prepared(new FakeReplicaFactory(), out var coordinator);

        EventFilter.Debug(contains: "stale RunChunk").Expect(2, () =>
        {
            worker.Tell(new RunChunk(Guid.NewGuid(), 1, 1, new Tile(4, 4, 0, 4)), coordinator);
            worker.Tell(new RunChunk(Guid.NewGuid(), 1, 1, new Tile(4, 4, 0, 4)), coordinator);
        });

        worker.Tell(new RunChunk(_job, 2, 1, new Tile(8, 4, 0, 4)), coordinator);
        Assert.Equal(2, coordinator.ExpectMsg<ChunkDone>().Chunk);
    }

    [Fact]
    public void A_loss_that_is_not_deterministic_refuses_the_job()
    {
        var factory = new FakeReplicaFactory { OnCheck = () => throw new CurvatureException("The loss differs.") };
        var worker = Registered(factory, out var coordinator);

        worker.Tell(new PrepareReplica(_job, Spec), coordinator);

        coordinator.ExpectMsg(new ReplicaFailed(_job, "The loss differs.", Retriable: false));
    }

    [Fact]
    public void A_combination_that_does_not_exist_refuses_the_job()
    {
        var factory = new FakeReplicaFactory { OnForm = _ => throw new CurvatureException("No such form.") };
        var worker = Registered(factory, out var coordinator);

        worker.Tell(new PrepareReplica(_job, Spec), coordinator);

        coordinator.ExpectMsg(new ReplicaFailed(_job, "No such form.", Retriable: false));
    }

    [Fact]
    public void A_model_that_is_at_fault_would_be_so_anywhere()
    {
        var factory = new FakeReplicaFactory { OnCreate = _ => throw new CurvatureException("1.weight is missing.") };
        var worker = Registered(factory, out var coordinator);

        worker.Tell(new PrepareReplica(_job, Spec), coordinator);

        coordinator.ExpectMsg(new ReplicaFailed(_job, "1.weight is missing.", Retriable: false));
    }

    [Fact]
    public void A_replica_that_cannot_be_made_here_may_be_made_elsewhere()
    {
        var factory = new FakeReplicaFactory { OnCreate = _ => throw new LibTorchException("libtorch is not here.") };
        var worker = Registered(factory, out var coordinator);

        worker.Tell(new PrepareReplica(_job, Spec), coordinator);

        coordinator.ExpectMsg(new ReplicaFailed(_job, "libtorch is not here.", Retriable: true));
    }

    [Theory]
    [InlineData(true, "Not finite.", false)]
    [InlineData(false, "InvalidOperationException: Not finite.", true)]
    public void A_chunk_that_fails_says_what_happened_and_whether_to_try_again(bool curvature, string what, bool retriable)
    {
        Exception error = curvature ? new CurvatureException("Not finite.") : new InvalidOperationException("Not finite.");
        var worker = Prepared(Failing(atProbe: 8, error), out var coordinator);

        worker.Tell(new RunChunk(_job, 2, 1, new Tile(8, 4, 0, 4)), coordinator);

        coordinator.ExpectMsg(new ChunkFailed(_job, 2, 1, what, retriable));
        coordinator.ExpectMsg(new RequestWork(_job, 1));
        worker.Tell(new RunChunk(_job, 3, 1, new Tile(12, 4, 0, 4)), coordinator);
        coordinator.ExpectMsg<ChunkDone>();
    }

    [Fact]
    public void It_waits_for_want_of_a_chunk_from_its_first_one_on()
    {
        var worker = Prepared(new FakeReplicaFactory(), out var coordinator);

        worker.Tell(new RunChunk(_job, 0, 1, new Tile(0, 4, 0, 4)), coordinator);
        var first = coordinator.ExpectMsg<ChunkDone>();
        coordinator.ExpectMsg<RequestWork>();
        worker.Tell(new RunChunk(_job, 1, 1, new Tile(4, 4, 0, 4)), coordinator);
        var second = coordinator.ExpectMsg<ChunkDone>();

        Assert.Equal(0, first.WaitSeconds);
        Assert.True(second.WaitSeconds > 0);
    }

    [Fact]
    public void It_says_every_so_often_what_it_is_at()
    {
        using var computing = new ManualResetEventSlim();
        var worker = Prepared(Blocking(computing), out var coordinator);
        worker.Tell(new RunChunk(_job, 1, 2, new Tile(4, 4, 0, 4)), coordinator);

        var status = coordinator.FishForMessage<WorkerStatus>(status => status.Chunks.Count > 0);

        Assert.Equal((_job, true, 2), (status.Job, status.HasReplica, status.Capacity));
        Assert.Equal([new ChunkAttempt(1, 2)], status.Chunks);
    }

    [Fact]
    public void Told_to_leave_it_hands_back_what_it_has_not_begun_finishes_the_rest_and_stops()
    {
        using var computing = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var factory = new FakeReplicaFactory
        {
            OnEvaluate = (first, _, _) =>
            {
                if (first == 0) return;
                computing.Set();
                goOn.Wait(CancellationToken.None);
            },
        };
        var worker = Prepared(factory, out var coordinator);
        worker.Tell(new RunChunk(_job, 1, 1, new Tile(4, 4, 0, 4)), coordinator);
        worker.Tell(new RunChunk(_job, 2, 1, new Tile(8, 4, 0, 4)), coordinator);
        computing.Wait(TestContext.Current.CancellationToken);
        Watch(worker);

        worker.Tell(new Leave());

        var status = coordinator.FishForMessage<WorkerStatus>(status => status.Leaves);
        Assert.Equal([new ChunkAttempt(1, 1)], status.Chunks);
        goOn.Set();
        Assert.Equal(1, coordinator.ExpectMsg<ChunkDone>().Chunk);
        ExpectTerminated(worker);
    }

    [Fact]
    public void A_coordinator_that_does_not_know_it_gets_its_registration_again()
    {
        var worker = Prepared(new FakeReplicaFactory(), out var coordinator);

        worker.Tell(new RegisterAgain(), coordinator);

        coordinator.IgnoreNoMessages();
        Assert.Equal("worker-1", coordinator.FishForMessage<RegisterWorker>(_ => true).Id);
    }

    [Fact]
    public void Without_its_coordinator_it_gives_up_the_job_and_looks_for_another()
    {
        using var computing = new ManualResetEventSlim();
        var worker = Prepared(Blocking(computing), out var coordinator);
        worker.Tell(new RunChunk(_job, 1, 1, new Tile(4, 4, 0, 4)), coordinator);
        computing.Wait(TestContext.Current.CancellationToken);

        Watch(coordinator);
        Sys.Stop(coordinator);
        ExpectTerminated(coordinator);

        var successor = StartProbe();
        Accept(successor, successor.FishForMessage<RegisterWorker>(_ => true));
        worker.Tell(new PrepareReplica(_job, Spec), successor);
        successor.FishForMessage<ReplicaReady>(message => message is ReplicaReady);
    }

    private IActorRef Prepared(FakeReplicaFactory replicas, out TestProbe coordinator)
    {
        var worker = Registered(replicas, out coordinator);
        worker.Tell(new PrepareReplica(_job, Spec), coordinator);
        coordinator.ExpectMsg<ReplicaReady>();
        coordinator.ExpectMsg<RequestWork>();
        return worker;
    }

    /// <summary>Computes until it is cancelled, except for the warm-up at probe 0.</summary>
    private static FakeReplicaFactory Blocking(ManualResetEventSlim computing) => new()
    {
        OnEvaluate = (first, _, cancellation) =>
        {
            if (first == 0) return;
            computing.Set();
            cancellation.WaitHandle.WaitOne();
            cancellation.ThrowIfCancellationRequested();
        },
    };

    private static FakeReplicaFactory Failing(long atProbe, Exception error) => new()
    {
        OnEvaluate = (first, _, _) =>
        {
            if (first == atProbe) throw error;
        },
    };
}
