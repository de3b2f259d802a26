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
        var job = Begun(Copying with { MaxAttempts = 2 }, A, B, C).Asks(A, 5).Asks(B);

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
    public void Results_of_two_kinds_of_device_may_differ()
    {
        var job = Begun(null, A).Happens(new WorkerRegistered(B, "cuda:0", "cuda"));

        Assert.Empty(job.Happens(new DuplicateCompared(3, A, B, Agree: false)).State.Counts.Disagreements);
    }

    [Fact]
    public void A_chunk_that_one_worker_says_fails_everywhere_is_tried_by_another_before_that_is_believed()
    {
        var job = Begun(null, A, B).Asks(A).Fails(A, 0, retriable: false);
        Assert.Null(job.Outcome);

        job.Asks(B).Fails(B, 0, attempt: 2, retriable: false);

        Assert.Equal(
            new JobOutcome(JobEnd.Failed, "Chunk 0 (probes 0 to 9) failed, on a and b: out of memory"), job.Outcome);
    }
}
