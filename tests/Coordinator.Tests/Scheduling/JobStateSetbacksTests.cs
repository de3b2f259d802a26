using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Operators;
using ActorHutch.Fakes;
using ActorHutch.Shared.Messages;
using static ActorHutch.Coordinator.Tests.Scheduling.Schedule;

namespace ActorHutch.Coordinator.Tests.Scheduling;

/// <summary>Attempts go wrong: other workers and other chunks tell whether the chunk is to blame or the worker.</summary>
public class JobStateSetbacksTests
{
    private static readonly WorkerKey C = new("c", 1);
    private static readonly WorkerKey D = new("d", 1);

    [Fact]
    public void A_chunk_that_failed_is_tried_again_by_another_worker()
    {
        var job = Begun(null, A, B).Asks(A).Asks(A).Asks(B).Fails(A, 0);
        Assert.Empty(job.Issued);

        // A waits, but chunk 0 is not for A while there is B.
        Assert.Equal([(A, 3, 1)], job.Asks(A).Issued);
        Assert.Equal([(B, 0, 2)], job.Asks(B).Issued);
        Assert.Equal(1, job.State.Counts.Failed);
    }

    [Fact]
    public void A_chunk_that_fails_fast_waits_for_a_worker_that_is_busy()
    {
        var job = Begun(null, A, B).Asks(B, 4).Asks(A).Fails(A, 4);

        for (int interval = 0; interval < 100; interval++) Assert.Empty(job.Asks(A).Happens(new IntervalPassed()).Issued);
        Assert.Equal([(B, 4, 2)], job.Delivers(B, 0).Asks(B).Issued);
    }

    [Fact]
    public void With_no_other_worker_it_is_tried_again_by_the_same()
    {
        var job = Begun(null, A).Asks(A).Fails(A, 0);

        Assert.Equal([(A, 0, 2)], job.Asks(A).Issued);
    }

    [Fact]
    public void A_chunk_that_fails_on_all_workers_fails_the_job_naming_them_and_the_error()
    {
        var job = Begun(new JobPolicy { MaxFailures = 2 }, A, B).Asks(A).Fails(A, 0).Asks(B).Fails(B, 0, attempt: 2);

        Assert.Equal(
            new JobOutcome(JobEnd.Failed, "Chunk 0 (probes 0 to 9) failed on a, b: out of memory"), job.Outcome);
    }

    [Fact]
    public void The_only_worker_has_three_attempts()
    {
        var job = Begun(null, A).Asks(A).Fails(A, 0).Asks(A).Fails(A, 0, attempt: 2);
        Assert.Null(job.Outcome);

        // It has failed twice in a row, and pauses.
        Assert.Empty(job.Asks(A).Issued);
        Assert.Equal([(A, 0, 3)], job.Happens(new IntervalPassed()).Issued);

        Assert.Equal(
            new JobOutcome(JobEnd.Failed, "Chunk 0 (probes 0 to 9) failed on a (3 times): out of memory"),
            job.Fails(A, 0, attempt: 3).Outcome);
    }

    [Fact]
    public void The_only_worker_has_two_attempts_where_it_says_that_there_is_no_hope()
    {
        var job = Begun(null, A).Asks(A).Fails(A, 0, retriable: false);
        Assert.Null(job.Outcome);

        Assert.Equal(
            new JobOutcome(JobEnd.Failed, "Chunk 0 (probes 0 to 9) failed on a (2 times): out of memory"),
            job.Asks(A).Fails(A, 0, attempt: 2, retriable: false).Outcome);
    }

    [Fact]
    public void A_chunk_that_one_worker_says_fails_everywhere_is_tried_by_another_before_that_is_believed()
    {
        var job = Begun(null, A, B).Asks(A).Fails(A, 0, retriable: false);
        Assert.Null(job.Outcome);

        job.Asks(B).Fails(B, 0, attempt: 2, retriable: false);

        Assert.Equal(
            new JobOutcome(JobEnd.Failed, "Chunk 0 (probes 0 to 9) failed on a, b: out of memory"), job.Outcome);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Workers_that_fail_at_everything_do_not_fail_a_job_that_another_can_finish(bool retriable)
    {
        WorkerKey[] bad = [A, B, C];
        var job = Begun(null, A, B, C, D);
        for (int round = 0; round < 50; round++)
        {
            foreach (var worker in bad)
            {
                job.Asks(worker);
                foreach (var (number, chunk) in Held(job, worker)) job.Fails(worker, chunk, number, retriable);
            }

            job.Happens(new IntervalPassed());
            Assert.Null(job.State.Outcome);
        }

        for (int rounds = 0; job.State.Outcome is null; rounds++)
        {
            Assert.InRange(rounds, 0, 10);
            job.Asks(D);
            foreach (var (number, chunk) in Held(job, D)) job.Delivers(D, chunk, number);
        }

        Assert.Equal(JobEnd.Completed, job.State.Outcome.End);
        Assert.All(bad, worker => Assert.Contains("out of memory", job.State.Workers[worker].Problem, StringComparison.Ordinal));
        Assert.Null(job.State.Workers[D].Problem);
    }

    [Fact]
    public void What_workers_that_fail_at_everything_say_of_a_chunk_does_not_count_with_what_good_ones_say()
    {
        var job = Begun(null, A, B, C, D).Asks(A).Delivers(A, 0).Asks(B).Delivers(B, 1);

        // By chance on A and B, and on C and D as all else.
        job.Asks(C).Fails(C, 2).Asks(D).Fails(D, 2, 2).Asks(A).Fails(A, 2, 3).Asks(B).Fails(B, 2, 4);
        Assert.Null(job.State.Outcome);

        Assert.Contains((A, 2L, 5), job.Asks(A).Issued);
        Assert.Null(job.Fails(A, 2, 5).Outcome);
        // Now neither of them comes to anything else.
        Assert.Equal(
            "Chunk 2 (probes 20 to 29) failed on c, d, a (2 times), b (2 times): out of memory",
            job.Asks(B).Fails(B, 2, 6).Outcome?.Message);
    }

    [Fact]
    public void A_worker_that_fails_at_everything_is_given_chunks_after_longer_and_longer_pauses()
    {
        var job = new Schedule(new Shared.Jobs.JobSpec { Probes = 1000, VBatch = 10, RoundingProbes = 0 }, null, A, B).Says(A, Ready).Says(B, Ready);
        var pauses = new List<int>();
        for (int failure = 0; failure < 7; failure++)
        {
            int pause = 0;
            for (job.Asks(A); job.State.Workers[A].Chunks.IsEmpty; pause++) job.Happens(new IntervalPassed());
            pauses.Add(pause);
            foreach (var (number, chunk) in Held(job, A)) job.Fails(A, chunk, number);
        }

        Assert.Equal([0, 0, 1, 2, 4, 8, 16], pauses);
        Assert.Equal("it failed 7 times, the last time: out of memory", job.State.Workers[A].Problem);
    }

    [Fact]
    public void A_success_ends_the_pauses()
    {
        var job = Begun(null, A, B).Asks(A, 3).Fails(A, 0).Fails(A, 1).Delivers(A, 2);

        Assert.Equal([(A, 3, 1)], job.Asks(A).Issued);
    }

    [Fact]
    public void A_chunk_that_three_good_workers_fail_at_fails_the_job_though_there_are_more()
    {
        WorkerKey[] workers = [A, B, C, D];
        var job = Begun(null, workers).Asks(A, 2).Asks(B).Asks(C).Asks(D);
        job.Delivers(A, 1).Delivers(B, 2).Delivers(C, 3);

        job.Fails(A, 0).Asks(B).Fails(B, 0, attempt: 2);
        Assert.Null(job.Outcome);
        job.Asks(C).Fails(C, 0, attempt: 3);

        Assert.Equal("Chunk 0 (probes 0 to 9) failed on a, b, c: out of memory", job.Outcome?.Message);
    }

    [Fact]
    public void A_worker_that_crashes_and_is_started_again_does_not_spend_a_chunks_tries()
    {
        var job = new Schedule(new Shared.Jobs.JobSpec { Probes = 1000, VBatch = 10, RoundingProbes = 0 }, null, B).Says(B, Ready);
        for (int life = 1; life <= 40; life++)
        {
            var key = new WorkerKey("a", life);
            job.Happens(new WorkerRegistered(key, "cpu"));
            while (job.State.Workers[key].Phase == WorkerPhase.Resting) job.Happens(new IntervalPassed());
            Assert.Equal([(key, life - 1, 1)], job.Says(key, Ready).Asks(key).Issued);
            Assert.Null(job.Loses(key).Outcome);
        }

        Assert.Equal([(B, 0, 2), (B, 1, 2)], job.Asks(B, 2).Issued);
    }

    [Fact]
    public void A_chunk_that_kills_every_worker_does_not_kill_them_for_ever()
    {
        var job = Begun(new JobPolicy { MaxLosses = 4 }, A, B);
        int kills = 0;
        for (int life = 2; job.State.Outcome is null; life++)
        {
            foreach (string id in (string[])["a", "b"])
            {
                var key = job.State.Workers.Keys.Last(worker => worker.Id == id);
                for (job.Says(key, Ready); job.State.Outcome is null && job.State.Workers[key].Phase != WorkerPhase.Ready;)
                    job.Happens(new IntervalPassed()).Says(key, Ready);
                job.Asks(key);
                kills += job.State.Workers[key].Chunks.Count;
                job.Loses(key).Happens(new WorkerRegistered(new WorkerKey(id, life), "cpu"));
                if (job.State.Outcome is not null) break;
            }
        }

        Assert.Equal(JobEnd.Failed, job.State.Outcome.End);
        Assert.StartsWith("Chunk 0 (probes 0 to 9) was lost with ", job.State.Outcome.Message, StringComparison.Ordinal);
        Assert.InRange(kills, 4, 10);
    }

    [Fact]
    public void Workers_that_were_thought_lost_and_are_there_again_do_not_blame_a_chunk()
    {
        var job = Begun(new JobPolicy { MaxLosses = 2 }, A);
        for (int i = 0; i < 20; i++)
        {
            job.Asks(A).Loses(A);
            Assert.Null(job.State.Outcome);
            job.Reports(A, 2).Says(A, Ready);
        }
    }

    [Fact]
    public void A_failure_of_a_chunk_that_is_done_changes_nothing()
    {
        var job = Begun(new JobPolicy { MaxFailures = 1 }, A, B).Asks(A).Loses(A).Asks(B).Delivers(A, 0).Fails(B, 0, attempt: 2);

        Assert.Null(job.Outcome);
        Assert.Empty(job.State.Reissue);
    }

    [Fact]
    public void A_result_of_another_shape_counts_as_a_failure()
    {
        var job = Begun(null, A, B).Asks(A, 2);
        job.Says(A, Done(0) with { Values = FakeQuadraticForm.Values(0, 0, 9) });
        job.Says(A, Done(1) with { Values = FakeQuadraticForm.Values(0, 11, 10) });

        Assert.Equal(2, job.State.Counts.Failed);
        Assert.Equal([0, 1], job.State.Reissue);
        Assert.Equal("it failed 2 times, the last time: the result has another shape", job.State.Workers[A].Problem);
    }

    [Theory]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.NegativeInfinity, "-Infinity")]
    public void A_value_that_is_not_finite_is_believed_of_two_workers_and_named_with_its_probe(double value, string text)
    {
        var job = Begun(null, A, B).Asks(A, 2);
        Assert.IsType<Warn>(Assert.Single(job.Says(A, Spoiled(1, 13, value)).Effects));
        Assert.Equal([(B, 1, 2)], job.Asks(B).Issued);

        job.Says(B, Spoiled(1, 13, value, attempt: 2));

        Assert.Equal(new JobOutcome(
            JobEnd.Failed,
            $"Chunk 1 (probes 10 to 19) failed on a, b: The quadratic form of probe 13, block second.weight is {text}."),
            job.Outcome);
    }

    [Fact]
    public void Of_a_value_that_is_not_finite_the_only_worker_has_two_attempts()
    {
        var job = Begun(null, A).Asks(A).Says(A, Spoiled(0, 3, double.NaN));
        Assert.Null(job.Outcome);

        Assert.Equal(JobEnd.Failed, job.Asks(A).Says(A, Spoiled(0, 3, double.NaN, attempt: 2)).Outcome?.End);
    }

    [Fact]
    public void A_row_that_adds_up_to_infinity_is_not_finite()
    {
        double[] values = Done(0).Values.Values.ToArray();
        (values[0], values[1]) = (double.MaxValue, double.MaxValue);

        var job = Begun(null, A, B).Asks(A).Says(A, Done(0) with { Values = new ProbeValues(0, 2, values) });

        Assert.Equal("it failed once: The quadratic form of probe 0 is Infinity.", job.State.Workers[A].Problem);
    }

    private static ChunkDone Spoiled(long chunk, long probe, double value, int attempt = 1)
    {
        var done = Done(chunk, attempt);
        double[] values = done.Values.Values.ToArray();
        values[2 * (probe - done.Values.FirstProbe) + 1] = value;
        return done with { Values = new ProbeValues(done.Values.FirstProbe, 2, values) };
    }

    private static List<(int Number, long Chunk)> Held(Schedule job, WorkerKey worker) =>
        [.. job.State.InFlight.SelectMany(chunk => chunk.Value.Where(attempt => attempt.Worker == worker).Select(attempt => (attempt.Number, chunk.Key)))];
}
