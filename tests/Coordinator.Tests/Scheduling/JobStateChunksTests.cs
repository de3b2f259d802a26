using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature;
using ActorHutch.Fakes;
using ActorHutch.Shared.Messages;
using static ActorHutch.Coordinator.Tests.Scheduling.Schedule;

namespace ActorHutch.Coordinator.Tests.Scheduling;

/// <summary>Chunks go out, come back, and go out again.</summary>
public class JobStateChunksTests
{
    private static readonly WorkerKey C = new("c", 1);

    [Fact]
    public void A_worker_gets_as_many_chunks_as_it_asks_for_in_order()
    {
        var job = Begun(null, A, B);

        Assert.Equal([(A, 0, 1), (A, 1, 1)], job.Asks(A, 2).Issued);
        Assert.Equal([(B, 2, 1)], job.Asks(B).Issued);
    }

    [Fact]
    public void A_chunk_says_which_probes_it_is_and_the_last_one_is_shorter()
    {
        var chunks = Begun(null, A).Asks(A, 9).Effects.OfType<Send>().Select(send => (RunChunk)send.Message).ToArray();

        Assert.Equal([0, 10, 20, 30, 40], chunks.Select(chunk => chunk.Tile.FirstProbe));
        Assert.Equal([10, 10, 10, 10, 5], chunks.Select(chunk => chunk.Tile.Probes));
    }

    [Fact]
    public void Nothing_is_sent_to_a_worker_that_did_not_ask()
    {
        var job = Begun(null, A, B).Asks(A, 5).Delivers(A, 0);

        Assert.Empty(job.Issued);
    }

    [Fact]
    public void A_result_is_accepted_and_booked_to_its_worker()
    {
        var job = Begun(null, A).Asks(A, 2);
        var done = Done(1);

        job.Says(A, done);

        Assert.Equal([new Accept(1, A, done.Values, 0.25, 0.125)], job.Effects);
        var worker = job.State.Workers[A];
        Assert.Equal((1, 10, 0.25, 0.125), (worker.ChunksDone, worker.ProbesDone, worker.ComputeSeconds, worker.WaitSeconds));
        Assert.Equal([0], worker.Chunks);
    }

    [Fact]
    public void The_job_completes_with_its_last_chunk_and_lets_the_workers_go()
    {
        var job = Begun(null, A, B).Asks(A, 5);
        foreach (long chunk in (long[])[4, 3, 2, 1]) Assert.Null(job.Delivers(A, chunk).Outcome);

        job.Delivers(A, 0);

        Assert.Equal(new JobOutcome(JobEnd.Completed), job.Outcome);
        Assert.Equal([new Send(A, new EndJob(Job)), new Send(B, new EndJob(Job))], job.Effects.OfType<Send>());
        Assert.Equal(5, job.State.Done.Count);
    }

    [Fact]
    public void A_lost_workers_chunks_go_to_those_who_wait_before_any_new_one()
    {
        var job = Begun(null, A, B, C).Asks(A, 2).Loses(A);

        Assert.Equal([(B, 0, 2), (B, 1, 2), (B, 2, 1)], job.Asks(B, 3).Issued);
        Assert.Equal(2, job.State.Counts.Reissued);
        Assert.Equal(WorkerPhase.Lost, job.State.Workers[A].Phase);
    }

    [Fact]
    public void They_go_out_at_once_to_workers_that_wait_already()
    {
        var job = Begun(null, A, B).Asks(A, 5).Asks(B, 2).Loses(A);

        Assert.Equal([(B, 0, 2), (B, 1, 2)], job.Issued);
    }

    [Fact]
    public void A_worker_given_up_for_lost_may_still_deliver_and_the_first_result_wins()
    {
        var job = Begun(null, A, B).Asks(A).Loses(A).Delivers(A, 0);
        Assert.IsType<Accept>(Assert.Single(job.Effects));
        Assert.Equal([(B, 1, 1)], job.Asks(B).Issued);
    }

    [Fact]
    public void The_other_result_of_a_chunk_that_was_issued_twice_is_held_against_the_first()
    {
        var job = Begun(null, A, B).Asks(A).Loses(A).Asks(B).Delivers(A, 0, attempt: 1);
        var second = Done(0, attempt: 2);

        job.Says(B, second);

        Assert.Equal([new Compare(0, B, second.Values)], job.Effects);
        Assert.Equal(1, job.State.Counts.Duplicates);
        Assert.Equal(0, job.State.Workers[B].ChunksDone);
        Assert.Empty(job.State.InFlight);
    }

    [Fact]
    public void A_duplicate_that_differs_is_remembered_with_both_workers()
    {
        var job = Begun(null, A, B)
            .Happens(new DuplicateCompared(3, A, B, Agree: true)).Happens(new DuplicateCompared(4, A, B, Agree: false));

        Assert.Equal([new Disagreement(4, A, B)], job.State.Counts.Disagreements);
    }

    [Fact]
    public void What_does_not_belong_to_this_job_is_dropped_and_counted()
    {
        var job = Begun(null, A).Asks(A);
        var before = job.State;
        IJobMessage[] stale =
        [
            Done(0) with { Job = Guid.NewGuid() },      // another run
            Done(0, attempt: 2),                        // an attempt that was never made
            Done(1),                                    // a chunk that was never issued
            Done(0) with { Chunk = -1 },
            new ChunkFailed(Job, 0, 2, "what", true),
            new RequestWork(Job, 0),
            new RunChunk(Job, 0, 1, new Tile(0, 10, 0, 4)),                 // not a worker's to say
        ];

        foreach (var message in stale) Assert.Empty(job.Says(A, message).Effects);
        Assert.Empty(job.Delivers(new WorkerKey("stranger", 1), 0).Effects);
        Assert.Empty(job.Asks(new WorkerKey("stranger", 1)).Effects);

        Assert.Equal(stale.Length + 2, job.State.Counts.Stale);
        Assert.Equal(before with { Counts = job.State.Counts }, job.State);
    }

    [Fact]
    public void An_interrupted_job_ends_with_what_it_has()
    {
        var job = Begun(null, A).Asks(A, 2).Delivers(A, 0).Happens(new InterruptRequested());

        Assert.Equal(new JobOutcome(JobEnd.Interrupted), job.Outcome);
        Assert.Contains(new Send(A, new EndJob(Job)), job.Effects);
        Assert.Equal(1, job.State.Done.Count);
    }

    [Fact]
    public void A_job_whose_target_is_reached_ends()
    {
        var job = Begun(null, A).Asks(A, 2).Delivers(A, 0).Happens(new TargetReached());

        Assert.Equal(new JobOutcome(JobEnd.TargetReached), job.Outcome);
    }

    [Fact]
    public void After_its_end_nothing_moves_a_job_and_late_messages_are_counted()
    {
        var job = Begun(null, A, B).Asks(A, 2).Happens(new InterruptRequested());

        foreach (var late in (JobEvent[])[
            new WorkerSaid(A, Done(0)), new WorkerSaid(A, new RequestWork(Job, 1)), new WorkerLost(A, "it stopped"),
            new WorkerRegistered(C, "cpu"), new TargetReached(), new WorkerWaitOver(), new InterruptRequested()])
        {
            Assert.Empty(job.Happens(late).Effects);
        }

        Assert.Equal(2, job.State.Counts.Stale);
        Assert.Equal(JobEnd.Interrupted, job.State.Outcome!.End);
    }

    [Fact]
    public void Chunks_beyond_number_leave_the_state_small()
    {
        var spec = new Shared.Jobs.JobSpec { Probes = 1_000_000_000, VBatch = 10, RoundingProbes = 0 };
        var job = new Schedule(spec, null, A).Says(A, Ready).Asks(A, 1000);

        for (long chunk = 0; chunk < 1000; chunk++)
        {
            job.Says(A, new ChunkDone(Job, chunk, 1, FakeQuadraticForm.Values(0, chunk * 10, 10), 0, 0)).Asks(A);
        }

        Assert.Equal((1000, 1, 1000), (job.State.Done.Count, job.State.Done.Intervals, job.State.InFlight.Count));
        Assert.Empty(job.State.Troubles);
    }
}
