using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Coordinator.Tests.Scheduling;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Operators;
using ActorHutch.Fakes;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit;

namespace ActorHutch.Coordinator.Tests.Actors;

/// <summary>The coordinator's side of the protocol; the test plays the workers and the client.</summary>
public class CoordinatorActorTests : TestKit
{
    private static readonly JobSpec Spec = new() { Probes = 20, VBatch = 10, Seed = 3, RoundingProbes = 0 };

    private readonly IActorRef _coordinator;

    public CoordinatorActorTests() : base(ActorHutchSystem.Configuration) =>
        _coordinator = Sys.ActorOf(CoordinatorActor.Props());

    [Fact]
    public void It_accepts_a_worker_and_prepares_it_for_the_job_that_runs()
    {
        var job = Start(Spec);

        var worker = Register("a");

        Assert.Equal(new PrepareReplica(job, Spec), worker.ExpectMsg<PrepareReplica>());
    }

    [Fact]
    public void A_worker_of_another_protocol_version_is_told_so_each_time_and_the_log_once()
    {
        var worker = CreateTestProbe();
        var old = new RegisterWorker("old", 7, "cpu", null, 1) { Protocol = ProtocolVersion.Current + 1 };

        EventFilter.Error(contains: FormattableString.Invariant($"Refused a worker: worker old speaks version {old.Protocol}")).ExpectOne(() =>
        {
            worker.Send(_coordinator, old);
            worker.Send(_coordinator, old);
            worker.ExpectMsg<WorkerRefused>();
            var refused = worker.ExpectMsg<WorkerRefused>();
            Assert.Equal(7, refused.Incarnation);
            Assert.Equal(
                FormattableString.Invariant($"worker old speaks version {old.Protocol} of the protocol and the coordinator version {ProtocolVersion.Current}: ")
                + "run the same release of ActorHutch on both",
                refused.Reason);
        });

        Start(Spec);
        Register("a");
        worker.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void Of_two_processes_with_one_name_the_later_is_taken_and_the_other_told_once_and_for_all()
    {
        var job = Start(Spec);
        var earlier = CreateTestProbe();
        var registration = new RegisterWorker("a", 1, "cpu", null, 1);
        earlier.Send(_coordinator, registration);
        earlier.ExpectMsg<WorkerAccepted>();
        var later = CreateTestProbe();
        later.Send(_coordinator, registration with { Incarnation = 2 });
        later.ExpectMsg<WorkerAccepted>();
        later.ExpectMsg<PrepareReplica>();

        earlier.FishForMessage(message => message is PrepareReplica);
        earlier.Send(_coordinator, new WorkerStatus(job, true, 2, []));
        earlier.ExpectMsg<RegisterAgain>();
        earlier.Send(_coordinator, registration);

        Assert.Contains("give each process its own --id", earlier.ExpectMsg<WorkerRefused>().Reason, StringComparison.Ordinal);
        later.Send(_coordinator, new WorkerStatus(job, false, 2, []));
        later.ExpectNoMsg(TimeSpan.FromMilliseconds(200));
    }

    [Fact]
    public void A_job_runs_from_its_first_chunk_to_its_result()
    {
        var worker = Register("a");
        var job = Start(Spec);
        Prepare(worker, job);

        worker.Send(_coordinator, new RequestWork(job, 2));
        Assert.Equal(JobPhase.Running, ExpectMsg<JobStarted>().State.Phase);
        var first = worker.ExpectMsg<RunChunk>();
        var second = worker.ExpectMsg<RunChunk>();
        Compute(worker, second);
        Compute(worker, first);

        var result = ExpectMsg<JobFinished>().Result;
        worker.ExpectMsg(new EndJob(job));
        Assert.True(result.Succeeded);
        Assert.Equal(20, result.Probes);
        Assert.InRange(result.Estimate!.Trace, FakeQuadraticForm.Trace - 1, FakeQuadraticForm.Trace + 1);
        Assert.True(result.Elapsed > TimeSpan.Zero);
        Assert.True(result.Setup > TimeSpan.Zero);
    }

    [Fact]
    public void An_exact_trace_is_the_sum_of_all_lanes()
    {
        var worker = Register("a");
        var job = Start(Spec with { Estimator = Estimator.Exact });
        Prepare(worker, job);

        worker.Send(_coordinator, new RequestWork(job, 2));
        var chunk = worker.FishForMessage<RunChunk>(_ => true);
        worker.Send(_coordinator, new ChunkDone(job, 0, 1, new ProbeValues(0, 2, [.. Enumerable.Repeat(0.75, 16)]), 0, 0));

        Assert.Equal((0L, 8), (chunk.Tile.FirstProbe, chunk.Tile.Probes));
        ExpectMsg<JobStarted>();
        Assert.Equal(12, ExpectMsg<JobFinished>().Result.Estimate!.Trace);
    }

    [Fact]
    public void A_worker_that_stops_is_lost_and_its_chunks_go_to_another()
    {
        var (dying, other) = (Register("a"), Register("b"));
        var job = Start(Spec);
        Prepare(dying, job);
        Prepare(other, job);
        dying.Send(_coordinator, new RequestWork(job, 1));
        var chunk = dying.ExpectMsg<RunChunk>();

        Sys.Stop(dying);
        other.Send(_coordinator, new RequestWork(job, 2));

        // The loss may be noticed before the request or after it.
        var chunks = new[] { other.ExpectMsg<RunChunk>(), other.ExpectMsg<RunChunk>() };
        Assert.Equal([0L, 1L], chunks.Select(c => c.Chunk).Order());
        Assert.Equal(chunk.Attempt + 1, chunks.Single(c => c.Chunk == chunk.Chunk).Attempt);
    }

    [Fact]
    public void A_worker_that_was_started_again_takes_the_place_of_its_former_life()
    {
        var former = Register("a");
        var job = Start(Spec);
        Prepare(former, job);
        former.Send(_coordinator, new RequestWork(job, 1));
        var lost = former.ExpectMsg<RunChunk>();

        var again = Register("a", incarnation: 2);
        Prepare(again, job);
        again.Send(_coordinator, new RequestWork(job, 1));

        Assert.Equal(lost with { Attempt = 2 }, again.ExpectMsg<RunChunk>());
    }

    [Fact]
    public void Workers_serve_one_job_after_another()
    {
        var worker = Register("a");
        foreach (ulong seed in (ulong[])[1, 2])
        {
            var job = Start(Spec with { Seed = seed, Probes = 10 });
            Prepare(worker, job);
            worker.Send(_coordinator, new RequestWork(job, 1));
            Compute(worker, worker.ExpectMsg<RunChunk>(), seed);
            ExpectMsg<JobStarted>();
            Assert.Equal(seed, ExpectMsg<JobFinished>().Result.Spec.Seed);
            worker.ExpectMsg(new EndJob(job));
        }
    }

    [Fact]
    public void A_result_of_an_earlier_job_does_not_enter_the_next()
    {
        var worker = Register("a");
        var earlier = Start(Spec);
        Prepare(worker, earlier);
        worker.Send(_coordinator, new RequestWork(earlier, 1));
        var chunk = worker.ExpectMsg<RunChunk>();
        ExpectMsg<JobStarted>();
        _coordinator.Tell(new InterruptJob(earlier));
        Assert.Equal(JobEnd.Interrupted, ExpectMsg<JobFinished>().Result.Outcome.End);

        var job = Start(Spec with { Probes = 10 });
        Compute(worker, chunk);
        worker.FishForMessage<PrepareReplica>(message => message is PrepareReplica prepare && prepare.Job == job);
        Prepare(worker, job, expect: false);
        worker.Send(_coordinator, new RequestWork(job, 1));
        Compute(worker, worker.ExpectMsg<RunChunk>());

        ExpectMsg<JobStarted>();
        var state = ExpectMsg<JobFinished>().Result.State;
        Assert.Equal((1, 1), (state.Counts.Stale, state.Done.Count));
    }

    [Fact]
    public void The_first_boundary_that_satisfies_the_target_ends_the_job()
    {
        var worker = Register("a");
        var job = Start(Spec with { Probes = 1000, RelativeError = 0.5 });
        Prepare(worker, job);
        worker.Send(_coordinator, new RequestWork(job, 4));
        var chunks = Enumerable.Range(0, 4).Select(_ => worker.ExpectMsg<RunChunk>()).ToArray();

        foreach (int i in (int[])[3, 1, 0, 2]) Compute(worker, chunks[i]);

        ExpectMsg<JobStarted>();
        var result = ExpectMsg<JobFinished>().Result;
        Assert.Equal((JobEnd.TargetReached, 30), (result.Outcome.End, result.Probes));
    }

    [Fact]
    public void Without_workers_the_job_fails_once_the_wait_is_over()
    {
        Start(Spec, new JobPolicy { WorkerWait = TimeSpan.FromMilliseconds(50) });

        var outcome = ExpectMsg<JobFinished>().Result.Outcome;

        Assert.Equal(JobEnd.Failed, outcome.End);
        Assert.StartsWith("1 worker is needed", outcome.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_job_is_turned_away_while_one_runs()
    {
        Start(Spec);

        Start(Spec);

        Assert.IsType<InvalidOperationException>(ExpectMsg<Status.Failure>().Cause);
    }

    [Fact]
    public async Task A_client_is_told_when_the_coordinator_stops()
    {
        var client = new JobClient(Sys, _coordinator);
        var running = client.RunAsync(Spec, new JobPolicy());

        Sys.Stop(_coordinator);

        await Assert.ThrowsAsync<InvalidOperationException>(() => running);
    }

    [Fact]
    public async Task A_client_that_gives_up_before_the_start_interrupts_the_job()
    {
        var client = new JobClient(Sys, _coordinator);

        var result = await client.RunAsync(Spec, new JobPolicy(), cancellation: new CancellationToken(canceled: true));

        Assert.Equal(JobEnd.Interrupted, result.Outcome.End);
        Assert.Null(result.Estimate);
    }

    [Fact]
    public void Workers_are_told_when_all_is_done_and_those_that_come_later_too()
    {
        var early = Register("early");
        _coordinator.Tell(new DismissWorkers(), TestActor);

        early.ExpectMsg<Dismiss>();
        ExpectMsg<WorkersDismissed>();
        Register("late").ExpectMsg<Dismiss>();
    }

    [Fact]
    public void Without_a_worker_the_first_one_that_comes_is_waited_for()
    {
        _coordinator.Tell(new DismissWorkers(), TestActor);
        // Answered after it, had the coordinator not waited.
        _coordinator.Tell(new Identify(1), TestActor);
        ExpectMsg<ActorIdentity>();

        Register("late").ExpectMsg<Dismiss>();
        ExpectMsg<WorkersDismissed>();
    }

    private Guid Start(JobSpec spec, JobPolicy? policy = null)
    {
        var job = Guid.NewGuid();
        _coordinator.Tell(new StartJob(job, spec, policy ?? new JobPolicy()), TestActor);
        return job;
    }

    private TestProbe Register(string id, long incarnation = 1)
    {
        var worker = CreateTestProbe();
        worker.Send(_coordinator, new RegisterWorker(id, incarnation, "cpu", null, 1));
        worker.ExpectMsg(new WorkerAccepted(incarnation));
        return worker;
    }

    private void Prepare(TestProbe worker, Guid job, bool expect = true)
    {
        if (expect) Assert.Equal(job, worker.ExpectMsg<PrepareReplica>().Job);
        worker.Send(_coordinator, Schedule.Ready with { Job = job });
    }

    private void Compute(TestProbe worker, RunChunk chunk, ulong seed = 3) => worker.Send(
        _coordinator,
        new ChunkDone(
            chunk.Job, chunk.Chunk, chunk.Attempt, FakeQuadraticForm.Values(seed, chunk.Tile.FirstProbe, chunk.Tile.Probes), 0.1, 0));
}
