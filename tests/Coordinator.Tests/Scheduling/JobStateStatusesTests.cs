using ActorHutch.Coordinator.Dashboard;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Shared.Messages;
using static ActorHutch.Coordinator.Tests.Scheduling.Schedule;

namespace ActorHutch.Coordinator.Tests.Scheduling;

/// <summary>What workers say they are at is held against what is known of them.</summary>
public class JobStateStatusesTests
{
    [Fact]
    public void A_chunk_that_two_statuses_do_not_name_was_lost_on_the_way_and_goes_out_again()
    {
        var job = Begun(null, A).Asks(A, 2);

        Assert.Empty(job.Reports(A, 2, (1, 1)).Issued);
        Assert.Equal([(A, 0, 2)], job.Reports(A, 2, (1, 1)).Issued);
        Assert.Equal(1, job.State.Counts.Reissued);
    }

    [Fact]
    public void What_a_worker_does_to_come_to_its_replica_is_shown_until_it_has_it()
    {
        var job = new Schedule(workers: A);

        job.Happens(new WorkerReported(A, new WorkerStatus(Job, false, 2, []) { Step = "fetching or checking data.npz" }));
        Assert.Equal("fetching or checking data.npz", Assert.Single(WorkerStates.View(job.State, ended: false).Rows).Reason);

        job.Says(A, Ready);
        Assert.Null(Assert.Single(WorkerStates.View(job.State, ended: false).Rows).Reason);
    }

    [Fact]
    public void A_chunk_that_crossed_one_status_is_kept()
    {
        var job = Begun(null, A).Asks(A, 2);

        Assert.Empty(job.Reports(A, 2).Issued);
        Assert.Empty(job.Reports(A, 2, (0, 1), (1, 1)).Issued);
        Assert.Empty(job.Reports(A, 2, (0, 1)).Issued);
        Assert.Equal([0, 1], job.State.Workers[A].Chunks);
    }

    [Fact]
    public void A_late_answer_to_a_first_attempt_does_not_hide_the_second_that_the_same_worker_is_at()
    {
        var job = Begun(new JobPolicy { VerifyFraction = 1 }, A, B).Asks(A, 2).Reports(A, 2, (1, 1)).Reports(A, 2, (1, 1));
        Assert.Equal([(A, 0, 2)], job.Issued);

        job.Delivers(A, 0, attempt: 1);
        Assert.Contains(0, job.State.Workers[A].Chunks);

        // The second is lost too, and nobody is at the chunk any more: it can be verified.
        job.Loses(A);
        Assert.False(job.State.InFlight.ContainsKey(0));
    }

    [Fact]
    public void A_request_that_was_lost_is_made_good()
    {
        var job = Begun(null, A).Asks(A, 2).Delivers(A, 0);

        Assert.Equal([(A, 2, 1)], job.Reports(A, 2, (1, 1)).Issued);
        Assert.Equal(0, job.State.Workers[A].Credit);
    }

    [Fact]
    public void Status_and_request_together_do_not_give_more_than_the_worker_wants()
    {
        var job = Begun(null, A).Asks(A, 2).Delivers(A, 0).Reports(A, 2, (1, 1)).Asks(A);
        Assert.Equal(3, job.State.Workers[A].Chunks.Count);

        Assert.Empty(job.Delivers(A, 1).Reports(A, 2, (2, 1), (3, 1)).Issued);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_worker_that_missed_a_message_of_preparation_is_asked_again(bool aboutThisJob)
    {
        var job = new Schedule(null, null, A);
        // Either its answer was lost, or it never heard of the job.
        var status = aboutThisJob
            ? new WorkerStatus(Job, true, 2, [])
            : new WorkerStatus(Guid.Empty, false, 2, []);

        Assert.Empty(job.Happens(new WorkerReported(A, status)).Effects);
        Assert.Equal(
            [new Send(A, new PrepareReplica(Job, job.State.Spec, job.State.Policy.MemoryBudget))],
            job.Happens(new WorkerReported(A, status)).Effects);
    }

    [Fact]
    public void A_worker_that_prepares_is_left_alone()
    {
        var job = new Schedule(null, null, A);

        for (int i = 0; i < 5; i++)
            Assert.Empty(job.Happens(new WorkerReported(A, new WorkerStatus(Job, false, 2, []))).Effects);
    }

    [Fact]
    public void A_worker_that_was_given_up_and_speaks_again_serves_again()
    {
        var job = Begun(null, A, B).Asks(A).Loses(A).Reports(A, 2, (0, 1));

        Assert.IsType<PrepareReplica>(Assert.Single(job.Effects.OfType<Send>()).Message);
        Assert.Equal([(A, 0, 2)], job.Says(A, Ready).Asks(A).Issued);
        Assert.Null(job.State.Workers[A].Reason);
    }

    [Fact]
    public void What_a_leaving_worker_has_not_begun_goes_to_another_at_once()
    {
        var job = Begun(null, A, B).Asks(A, 2).Asks(B, 2);
        job.Delivers(B, 2).Delivers(B, 3).Asks(B, 2);

        job.Happens(new WorkerReported(A, new WorkerStatus(Job, true, 0, [new ChunkAttempt(0, 1)])));

        Assert.Equal([(B, 1, 2)], job.Issued);
        Assert.Equal(WorkerPhase.Leaving, job.State.Workers[A].Phase);
        Assert.Empty(job.Asks(A, 2).Issued);
        Assert.IsType<Accept>(Assert.Single(job.Delivers(A, 0).Effects));
        Assert.Equal("it left", job.Loses(A).State.Workers[A].Reason);
    }

    [Fact]
    public void Of_a_worker_nothing_was_heard_of_for_long_the_chunks_go_to_others()
    {
        var job = Begun(new JobPolicy { MaxSilence = 3 }, A, B).Asks(A).Asks(B, 3);
        for (int i = 0; i < 3; i++) Assert.Empty(job.Reports(B, 3, (1, 1), (2, 1), (3, 1)).Happens(new IntervalPassed()).Issued);
        job.Delivers(B, 1).Asks(B).Delivers(B, 2).Asks(B);

        Assert.Equal([(B, 0, 2)], job.Happens(new IntervalPassed()).Issued);
        Assert.Equal("no message was received from it", job.State.Workers[A].Reason);
    }

    [Fact]
    public void Chunks_of_a_worker_that_makes_no_progress_though_it_reports_go_to_others_and_the_first_result_counts()
    {
        var job = Begun(null, A, B).Asks(A, 2).Asks(B, 9).Delivers(B, 2).Delivers(B, 3).Delivers(B, 4);

        int intervals = 0;
        for (; !job.Issued.Any(); intervals++)
        {
            Assert.InRange(intervals, 0, 30);
            job.Reports(A, 2, (0, 1), (1, 1)).Happens(new IntervalPassed());
        }

        Assert.Equal([(B, 0, 2), (B, 1, 2)], job.Issued);
        Assert.InRange(intervals, 10, 30);
        Assert.Equal("it makes no progress", job.State.Workers[A].Problem);
        Assert.IsType<Accept>(Assert.Single(job.Delivers(A, 0).Effects));
        Assert.Null(job.State.Workers[A].Problem);
    }

    [Fact]
    public void Nothing_new_is_given_to_a_worker_that_makes_no_progress()
    {
        var job = Begun(null, A, B).Asks(A).Asks(B).Delivers(B, 1);
        for (int interval = 0; interval < 30; interval++) job.Happens(new IntervalPassed());

        Assert.Empty(job.Reports(A, 2, (0, 1)).Issued);
        Assert.Empty(job.Asks(A).Issued);
    }

    [Fact]
    public void How_long_is_too_long_is_what_chunks_take()
    {
        // B takes 20 intervals for a chunk, so 40 of A are nothing unusual.
        var job = Begun(null, A, B).Asks(B);
        for (int interval = 0; interval < 20; interval++) job.Happens(new IntervalPassed());
        job.Delivers(B, 0).Asks(A).Asks(B);
        for (int interval = 0; interval < 40; interval++) Assert.Empty(job.Happens(new IntervalPassed()).Effects);
        for (int interval = 0; interval < 200; interval++) job.Happens(new IntervalPassed());

        Assert.True(job.State.Workers[A].Stalled);
    }

    [Fact]
    public void Before_anybody_has_computed_a_chunk_nobody_is_slow()
    {
        var job = Begun(null, A, B).Asks(A).Asks(B);

        for (int interval = 0; interval < 10_000; interval++) Assert.Empty(job.Happens(new IntervalPassed()).Effects);
    }
}
