using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using static ActorHutch.Coordinator.Tests.Scheduling.Schedule;

namespace ActorHutch.Coordinator.Tests.Scheduling;

/// <summary>Workers come, prepare, and go.</summary>
public class JobStateWorkersTests
{
    [Fact]
    public void A_file_of_the_job_that_has_changed_ends_it_as_bad_input_whatever_is_out()
    {
        var job = Begun(null, A, B).Asks(A).Asks(B).Delivers(A, 0);

        job.Happens(new InputAtFault("data.npz has changed."));

        Assert.Equal(new JobOutcome(JobEnd.Refused, "data.npz has changed."), job.Outcome);
        Assert.Equal([A, B], job.Effects.OfType<Send>().Where(send => send.Message is EndJob).Select(send => send.Worker));
    }

    [Fact]
    public void A_job_asks_every_worker_for_a_replica()
    {
        var job = new Schedule(null, null, A, B);

        Assert.Equal(
            [new Send(A, new PrepareReplica(Job, job.State.Spec)), new Send(B, new PrepareReplica(Job, job.State.Spec))],
            job.Effects);
    }

    [Fact]
    public void A_worker_that_joins_later_is_asked_too_and_gets_work()
    {
        var job = Begun(null, A).Happens(new WorkerRegistered(B, "cuda:0"));

        Assert.Equal([new Send(B, new PrepareReplica(Job, job.State.Spec))], job.Effects);
        Assert.Equal([(B, 0, 1)], job.Says(B, Ready).Asks(B).Issued);
        Assert.Equal("cuda:0", job.State.Workers[B].Device);
    }

    [Fact]
    public void No_chunk_goes_out_before_enough_workers_are_ready()
    {
        var job = new Schedule(null, new JobPolicy { MinWorkers = 2 }, A, B).Says(A, Ready).Asks(A, 2);

        Assert.Empty(job.Effects);
        Assert.Equal(JobPhase.Preparing, job.State.Phase);

        job.Says(B, Ready);

        Assert.IsType<Begin>(job.Effects[0]);
        Assert.Equal([(A, 0, 1), (A, 1, 1)], job.Issued);
        Assert.Equal([(B, 2, 1)], job.Asks(B).Issued);
    }

    [Fact]
    public void Waiting_workers_get_one_chunk_each_in_turn()
    {
        var job = new Schedule(null, new JobPolicy { MinWorkers = 2 }, A, B).Asks(A, 2).Asks(B, 2).Says(A, Ready).Says(B, Ready);

        Assert.Equal([(A, 0, 1), (B, 1, 1), (A, 2, 1), (B, 3, 1)], job.Issued);
    }

    [Fact]
    public void The_job_begins_once()
    {
        var job = new Schedule(null, null, A, B).Says(A, Ready);

        Assert.Contains(new Begin(), job.Effects);
        Assert.DoesNotContain(new Begin(), job.Says(B, Ready).Effects);
    }

    [Fact]
    public void An_exact_trace_has_as_many_probes_as_basis_vectors()
    {
        var job = new Schedule(new JobSpec { Estimator = Estimator.Exact, VBatch = 3 }, null, A).Says(A, Ready);

        Assert.Equal((8, 3), (job.State.Probes, job.State.ChunkCount));
    }

    [Theory]
    [InlineData(8, false)]
    [InlineData(7, true)]
    public void An_exact_trace_of_too_many_basis_vectors_is_not_begun(long limit, bool tooMany)
    {
        var job = new Schedule(new JobSpec { Estimator = Estimator.Exact }, new JobPolicy { LaneLimit = limit }, A).Says(A, Ready);

        Assert.Equal(tooMany, job.Outcome?.End == JobEnd.TooManyLanes);
        Assert.Equal(!tooMany, job.Effects.Contains(new Begin()));
    }

    [Fact]
    public void A_job_that_no_replica_serves_is_refused_with_the_replicas_words()
    {
        var job = new Schedule(null, null, A, B).Says(A, Refusal);
        Assert.Null(job.Outcome);

        job.Says(B, Refusal);

        Assert.Equal(new JobOutcome(JobEnd.Refused, "The loss is NaN."), job.Outcome);
        Assert.Equal([A, B], job.Effects.OfType<Send>().Where(send => send.Message is EndJob).Select(send => send.Worker));
    }

    [Fact]
    public void The_only_worker_there_is_is_believed() =>
        Assert.Equal(JobEnd.Refused, new Schedule(null, null, A).Says(A, Refusal).Outcome?.End);

    [Fact]
    public void The_only_worker_is_not_believed_where_more_were_asked_for_until_nobody_came()
    {
        var job = new Schedule(null, new JobPolicy { MinWorkers = 2 }, A).Says(A, Refusal);
        Assert.Null(job.Outcome);

        Assert.Equal(new JobOutcome(JobEnd.Refused, "The loss is NaN."), job.Happens(new WorkerWaitOver()).Outcome);
    }

    [Fact]
    public void What_one_worker_refuses_and_another_can_do_is_done()
    {
        var job = new Schedule(null, null, A, B).Says(A, Refusal).Says(B, Ready);

        Assert.Null(job.Outcome);
        Assert.Equal([(B, 0, 1)], job.Asks(B).Issued);
        Assert.Equal("The loss is NaN.", job.State.Workers[A].Problem);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_late_worker_without_a_replica_does_not_end_a_job_that_runs(bool retriable)
    {
        var late = new[] { B, new WorkerKey("c", 1), new WorkerKey("d", 1) };
        var job = Begun(null, A).Asks(A, 5);
        foreach (var worker in late)
            job.Happens(new WorkerRegistered(worker, "cpu")).Says(worker, new ReplicaFailed(Job, "no room on the disk", retriable));

        Assert.Null(job.State.Outcome);
        Assert.All(late, worker => Assert.Equal("no room on the disk", job.State.Workers[worker].Problem));
        foreach (long chunk in (long[])[0, 1, 2, 3, 4]) job.Delivers(A, chunk);
        Assert.Equal(JobEnd.Completed, job.State.Outcome?.End);
    }

    [Fact]
    public void A_worker_without_a_replica_is_asked_again_after_longer_and_longer()
    {
        var job = Begun(null, A).Happens(new WorkerRegistered(B, "cpu"));
        var pauses = new List<int>();
        for (int failure = 0; failure < 9; failure++)
        {
            job.Says(B, new ReplicaFailed(Job, "no room on the disk", Retriable: true));
            int pause = 0;
            do pause++;
            while (job.Happens(new IntervalPassed()).Effects.Count == 0);
            Assert.Contains(new Send(B, new PrepareReplica(Job, job.State.Spec)), job.Effects);
            pauses.Add(pause);
        }

        Assert.Equal([1, 2, 4, 8, 16, 32, 64, 64, 64], pauses);
        Assert.Equal([(B, 0, 1)], job.Says(B, Ready).Asks(B).Issued);
    }

    [Fact]
    public void A_worker_that_crashes_again_and_again_is_asked_again_after_longer_and_longer()
    {
        var job = Begun(null, A);
        var pauses = new List<int>();
        for (int life = 1; life <= 6; life++)
        {
            var key = new WorkerKey("b", life);
            int pause = 0;
            job.Happens(new WorkerRegistered(key, "cpu"));
            for (; job.State.Workers[key].Phase == WorkerPhase.Resting; pause++) job.Happens(new IntervalPassed());
            pauses.Add(pause);
            job.Says(key, Ready).Asks(key).Loses(key);
        }

        Assert.Equal([0, 0, 1, 2, 4, 8], pauses);
        // Lives that came to nothing are not kept.
        Assert.Equal([A, new WorkerKey("b", 6)], job.State.Workers.Keys);
    }

    [Fact]
    public void A_job_on_this_machine_begins_with_the_workers_that_can_once_the_wait_is_over()
    {
        var job = new Schedule(null, new JobPolicy { MinWorkers = 3, BeginsWithFewer = true }, A, B, new WorkerKey("c", 1))
            .Says(A, new ReplicaFailed(Job, "out of memory", Retriable: true)).Says(B, Ready);
        Assert.Empty(job.Happens(new WorkerWaitOver()).Effects.OfType<Begin>());

        // All that are expected to come are there.
        Assert.Single(job.Says(new WorkerKey("c", 1), Ready).Effects.OfType<Begin>());
        Assert.Equal([(B, 0, 1)], job.Asks(B).Issued);
    }

    [Fact]
    public void A_job_on_this_machine_waits_longer_for_its_first_worker_which_is_sure_to_come_but_not_for_ever()
    {
        var slow = new Schedule(null, new JobPolicy { MinWorkers = 2, BeginsWithFewer = true });
        int waits = 0;
        for (; slow.Happens(new WorkerWaitOver()).Outcome is null; waits++) Assert.Single(slow.Effects.OfType<StartWorkerWait>());
        Assert.Equal(12, waits);
        Assert.StartsWith("2 workers are needed", slow.Outcome!.Message, StringComparison.Ordinal);

        var job = new Schedule(null, new JobPolicy { MinWorkers = 1, BeginsWithFewer = true });
        job.Happens(new WorkerWaitOver()).Happens(new WorkerRegistered(A, "cpu"));
        Assert.Single(job.Says(A, Ready).Effects.OfType<Begin>());

        // Elsewhere, whoever does not come in time may not come at all.
        Assert.Equal(JobEnd.Failed, new Schedule(null, new JobPolicy()).Happens(new WorkerWaitOver()).Outcome?.End);
    }

    [Fact]
    public void Where_fewer_will_do_one_that_takes_many_times_what_others_took_is_not_waited_for()
    {
        // 5 intervals.
        var others = Ready with { WarmUpSeconds = 8, TransferSeconds = 2 };
        var job = new Schedule(null, new JobPolicy { MinWorkers = 2, BeginsWithFewer = true }, A, B).Says(A, others);
        int intervals = 0;
        for (; !job.Effects.OfType<StartWorkerWait>().Any(); intervals++) job.Happens(new IntervalPassed());

        Assert.InRange(intervals, 50, 80);
        Assert.Single(job.Happens(new WorkerWaitOver()).Effects.OfType<Begin>());
        Assert.Equal("it makes no progress", job.State.Workers[B].Problem);
        // It is welcome when it is ready after all.
        Assert.Null(job.Says(B, Ready).State.Workers[B].Problem);
    }

    [Fact]
    public void A_worker_that_makes_no_progress_with_its_replica_is_not_waited_for()
    {
        var job = new Schedule(null, new JobPolicy { MinWorkers = 2 }, A, B).Says(A, Ready);
        int intervals = 0;
        for (; !job.Effects.OfType<StartWorkerWait>().Any(); intervals++)
            job.Happens(new WorkerReported(B, new WorkerStatus(Job, false, 2, []))).Happens(new IntervalPassed());

        Assert.InRange(intervals, 100, 200);
        Assert.Contains("b: it makes no progress", job.Happens(new WorkerWaitOver()).Outcome?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_worker_that_fetches_for_long_is_waited_for()
    {
        var job = new Schedule(null, new JobPolicy { MinWorkers = 2 }, A, B).Says(A, Ready);

        for (int interval = 0; interval < 1000; interval++)
        {
            job.Happens(new WorkerReported(B, new WorkerStatus(Job, false, 2, [], Progress: interval / 100)));
            Assert.Empty(job.Happens(new IntervalPassed()).Effects);
        }
    }

    private static ReplicaFailed Refusal => new(Job, "The loss is NaN.", Retriable: false);

    [Fact]
    public void A_replica_that_fails_on_one_worker_leaves_the_job_to_the_others()
    {
        var job = new Schedule(null, null, A, B)
            .Says(A, new ReplicaFailed(Job, "out of memory", Retriable: true)).Says(B, Ready);

        Assert.Null(job.Outcome);
        Assert.Equal([(B, 0, 1)], job.Asks(B).Issued);
        Assert.Equal("out of memory", job.State.Workers[A].Reason);
    }

    [Fact]
    public void Too_few_workers_are_waited_for_and_then_the_job_fails_saying_who_is_missing()
    {
        var policy = new JobPolicy { MinWorkers = 2, WorkerWait = TimeSpan.FromSeconds(7) };
        var job = new Schedule(null, policy, A, B);
        Assert.DoesNotContain(job.Effects, effect => effect is StartWorkerWait);

        job.Says(A, new ReplicaFailed(Job, "out of memory", Retriable: true));
        Assert.Contains(new StartWorkerWait(TimeSpan.FromSeconds(7)), job.Effects);

        job.Happens(new WorkerWaitOver());
        Assert.Equal(
            new JobOutcome(JobEnd.Failed, "2 workers are needed, and after waiting 7 s there is 1: b.\n  a: out of memory"),
            job.Outcome);
    }

    [Fact]
    public void A_job_without_workers_waits_for_the_first()
    {
        var job = new Schedule();
        Assert.Equal([new StartWorkerWait(new JobPolicy().WorkerWait)], job.Effects);

        job.Happens(new WorkerRegistered(A, "cpu"));

        Assert.Contains(new StopWorkerWait(), job.Effects);
    }

    [Fact]
    public void Once_it_runs_a_job_waits_only_when_all_workers_are_gone()
    {
        var job = Begun(new JobPolicy { MinWorkers = 2 }, A, B).Loses(A);
        Assert.Empty(job.Effects);

        Assert.Equal([new StartWorkerWait(new JobPolicy().WorkerWait)], job.Loses(B).Effects);
        Assert.Contains(new StopWorkerWait(), job.Happens(new WorkerRegistered(new WorkerKey("a", 2), "cpu")).Effects);
    }

    [Fact]
    public void A_wait_that_ended_in_time_does_not_fail_the_job()
    {
        var job = new Schedule().Happens(new WorkerRegistered(A, "cpu")).Happens(new WorkerWaitOver());

        Assert.Null(job.Outcome);
    }

    [Fact]
    public void A_worker_that_registers_again_is_prepared_again_and_its_chunks_go_out_again()
    {
        var job = Begun(null, A).Asks(A, 2).Happens(new WorkerRegistered(A, "cpu"));

        Assert.Equal([new Send(A, new PrepareReplica(Job, job.State.Spec))], job.Effects);
        Assert.Equal([(A, 0, 2), (A, 1, 2)], job.Says(A, Ready).Asks(A, 2).Issued);
    }

    [Fact]
    public void Worker_10_comes_after_worker_9() =>
        Assert.True(new WorkerKey("worker-9", 5).CompareTo(new WorkerKey("worker-10", 1)) < 0);
}
