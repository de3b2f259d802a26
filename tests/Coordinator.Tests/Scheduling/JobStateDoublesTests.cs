using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Shared.Messages;
using static ActorHutch.Coordinator.Tests.Scheduling.Schedule;

namespace ActorHutch.Coordinator.Tests.Scheduling;

/// <summary>Chunks that two workers compute.</summary>
public class JobStateDoublesTests
{
    private static readonly WorkerKey C = new("c", 1);
    private static readonly JobPolicy Copying = new() { CopySlowest = true };
    private static readonly JobPolicy Verifying = new() { VerifyFraction = 1 };

    [Fact]
    public void Near_the_end_an_idle_worker_gets_a_copy_of_the_chunk_that_is_out_longest()
    {
        var job = Begun(Copying, A, B, C).Asks(A, 3).Asks(B, 2);

        Assert.Equal([(C, 0, 2)], job.Asks(C).Issued);
        Assert.Equal([(C, 1, 2)], job.Asks(C).Issued);
        Assert.Equal((2, 0), (job.State.Counts.Copies, job.State.Counts.Reissued));
    }

    [Fact]
    public void There_is_one_copy_of_a_chunk_and_none_for_the_worker_that_has_it()
    {
        var job = Begun(Copying, A, B).Asks(A, 5);
        Assert.Equal(5, job.Asks(B, 9).Issued.Count());

        Assert.Empty(job.Asks(A, 9).Issued);
    }

    [Fact]
    public void No_copies_are_made_while_there_are_chunks_or_where_the_policy_has_none()
    {
        Assert.Equal([(B, 2, 1)], Begun(Copying, A, B).Asks(A, 2).Asks(B).Issued);
        Assert.Empty(Begun(null, A, B).Asks(A, 5).Asks(B).Issued);
    }

    [Fact]
    public void The_first_result_wins_and_the_copy_is_compared()
    {
        var job = Begun(Copying, A, B).Asks(A, 5).Asks(B);

        Assert.IsType<Accept>(Assert.Single(job.Says(B, Done(0, attempt: 2)).Effects));
        Assert.IsType<Compare>(Assert.Single(job.Delivers(A, 0).Effects));
    }

    [Fact]
    public void Copies_do_not_count_as_attempts_that_went_wrong()
    {
        var job = Begun(Copying with { MaxLosses = 2 }, A, B, C).Asks(A, 5).Asks(B);

        Assert.Null(job.Loses(B).Outcome);
        Assert.Null(job.Loses(A).Outcome);
        Assert.Equal([(C, 0, 3)], job.Asks(C).Issued);
    }

    [Fact]
    public void A_chunk_is_verified_by_another_worker_and_the_job_waits_for_that()
    {
        var job = Begun(Verifying, A, B).Asks(A, 5);
        foreach (long chunk in (long[])[0, 1, 2, 3, 4]) job.Delivers(A, chunk);
        Assert.Null(job.Outcome);
        Assert.Empty(job.Asks(A, 5).Issued);

        job.Asks(B, 5);
        Assert.Equal([(B, 0, 2), (B, 1, 2), (B, 2, 2), (B, 3, 2), (B, 4, 2)], job.Issued);
        foreach (long chunk in (long[])[0, 1, 2, 3]) Assert.Null(job.Delivers(B, chunk, attempt: 2).Outcome);

        Assert.Equal(JobEnd.Completed, job.Delivers(B, 4, attempt: 2).Outcome?.End);
        Assert.Equal((5, 0, 0), (job.State.Counts.Verified, job.State.Counts.Unverified, job.State.Counts.Reissued));
    }

    [Fact]
    public void With_nobody_else_of_its_kind_a_chunk_stays_unverified_and_the_job_ends()
    {
        var job = Begun(Verifying, A).Happens(new WorkerRegistered(B, "cuda:0", "cuda")).Says(B, Ready).Asks(A, 5);
        foreach (long chunk in (long[])[0, 1, 2, 3]) job.Delivers(A, chunk);
        Assert.Empty(job.Asks(B, 2).Issued);

        Assert.Equal(JobEnd.Completed, job.Delivers(A, 4).Outcome?.End);
        Assert.Equal((0, 5), (job.State.Counts.Verified, job.State.Counts.Unverified));
    }

    [Fact]
    public void The_job_does_not_wait_for_a_verifier_that_is_lost()
    {
        var job = Begun(Verifying, A, B).Asks(A, 5);
        foreach (long chunk in (long[])[0, 1, 2, 3, 4]) job.Delivers(A, chunk);
        job.Asks(B, 5);

        Assert.Equal(JobEnd.Completed, job.Loses(B).Outcome?.End);
        Assert.Equal(5, job.State.Counts.Unverified);
    }

    [Fact]
    public void Which_chunks_are_verified_depends_on_the_seed_alone_and_their_share_is_the_one_asked_for()
    {
        long[] Verified(ulong seed)
        {
            var spec = new Shared.Jobs.JobSpec { Probes = 100_000, VBatch = 10, Seed = seed };
            var job = new Schedule(spec, new JobPolicy { VerifyFraction = 0.02 }, A, B).Says(A, Ready).Asks(A, 1000);
            for (long chunk = 0; chunk < 1000; chunk++)
                job.Says(A, new ChunkDone(Job, chunk, 1, Fakes.FakeQuadraticForm.Values(seed, chunk * 10, 10), 0, 0)).Asks(A);
            return [.. job.State.Unconfirmed.Keys];
        }

        // Binomial, mean 20 and standard deviation 4.4; the seeds are fixed.
        Assert.InRange(Verified(1).Length, 7, 38);
        Assert.Equal(Verified(1), Verified(1));
        Assert.NotEqual(Verified(1), Verified(2));
    }

    [Fact]
    public void A_confirmation_that_failed_is_tried_by_a_third_and_then_given_up()
    {
        var job = Verified(A, B, C);

        job.Asks(B).Fails(B, 0, attempt: 2);
        Assert.DoesNotContain(job.Asks(B).Issued, issued => issued.Chunk == 0);
        Assert.Equal([(C, 0, 3)], job.Asks(C).Issued);

        job.Asks(B, 9).Asks(C, 9).Fails(C, 0, attempt: 3);
        Assert.Null(job.Outcome);
        foreach (var (worker, chunk, number) in Held(job)) job.Delivers(worker, chunk, number);

        Assert.Equal(JobEnd.Completed, job.State.Outcome?.End);
        Assert.Equal((4, 1), (job.State.Counts.Verified, job.State.Counts.Unverified));
    }

    [Fact]
    public void The_job_does_not_wait_for_a_verifier_that_hangs_though_it_reports()
    {
        var job = Verified(A, B).Asks(B, 5);

        for (int interval = 0; job.State.Outcome is null; interval++)
        {
            Assert.InRange(interval, 0, 30);
            job.Reports(B, 5, (0, 2), (1, 2), (2, 2), (3, 2), (4, 2)).Happens(new IntervalPassed());
        }

        Assert.Equal(JobEnd.Completed, job.State.Outcome.End);
        Assert.Equal((0, 5), (job.State.Counts.Verified, job.State.Counts.Unverified));
        Assert.Equal("it makes no progress", job.State.Workers[B].Problem);
    }

    [Fact]
    public void A_confirmation_that_hangs_is_given_to_another()
    {
        var job = Verified(A, B, C).Asks(B, 5);
        job.Asks(C, 5);
        Assert.Empty(job.Issued);

        var reissued = new List<(WorkerKey, long, int)>();
        for (int interval = 0; interval < 30; interval++) reissued.AddRange(job.Happens(new IntervalPassed()).Issued);

        Assert.Equal([(C, 0, 3), (C, 1, 3), (C, 2, 3), (C, 3, 3), (C, 4, 3)], reissued);
    }

    /// <summary>All chunks are done by the first worker, and none is confirmed.</summary>
    private static Schedule Verified(params WorkerKey[] workers)
    {
        var job = Begun(Verifying, workers).Asks(workers[0], 5);
        foreach (long chunk in (long[])[0, 1, 2, 3, 4]) job.Delivers(workers[0], chunk);
        return job;
    }

    private static List<(WorkerKey Worker, long Chunk, int Number)> Held(Schedule job) =>
        [.. job.State.InFlight.SelectMany(chunk => chunk.Value.Select(attempt => (attempt.Worker, chunk.Key, attempt.Number)))];

    [Fact]
    public void Results_of_two_kinds_of_device_may_differ()
    {
        var job = Begun(null, A).Happens(new WorkerRegistered(B, "cuda:0", "cuda"));

        Assert.Empty(job.Happens(new DuplicateCompared(3, A, B, Agree: false)).State.Counts.Disagreements);
    }
}
