using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Operators;
using ActorHutch.Fakes;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using static ActorHutch.Coordinator.Tests.Scheduling.Schedule;

namespace ActorHutch.Coordinator.Tests.Scheduling;

/// <summary>The chunk that is computed in both precisions: out first, and done without where it cannot be had.</summary>
public class JobStatePrecisionTests
{
    private const long Both = JobState.BothPrecisions;

    private static readonly JobSpec Spec = new() { Probes = 45, VBatch = 10 };

    private static readonly WorkerKey C = new("c", 1);

    [Fact]
    public void It_goes_out_first_and_once()
    {
        var job = Job(A, B).Asks(A, 3).Asks(B, 3);

        var first = Assert.IsType<RunChunk>(Job(A).Asks(A, 3).Effects.OfType<Send>().First().Message);
        Assert.Equal((Both, 1, 0L, 3, true), (first.Chunk, first.Attempt, first.Tile.FirstProbe, first.Tile.Probes, first.InBothPrecisions));
        Assert.Equal((6, true, false), (job.State.InFlight.Count, job.State.Fresh.WasIssued(4), job.State.Fresh.WasIssued(5)));
        Assert.Equal(0, job.State.Counts.Reissued);
    }

    [Theory]
    [InlineData(Dtype.Float32, "estimate", 45L, null, 2, 3)]
    [InlineData(Dtype.Float32, "estimate", 100L, null, 2, 5)]
    [InlineData(Dtype.Float32, "estimate", 1_000_000L, null, 2, 8)]
    [InlineData(Dtype.Float32, "exact", 45L, null, 2, 8)]
    [InlineData(Dtype.Float32, "estimate", 45L, 20, 2, 20)]
    [InlineData(Dtype.Float32, "estimate", 45L, 0, 2, 0)]
    [InlineData(Dtype.Float32, "estimate", 1L, null, 2, 0)]
    [InlineData(Dtype.Float64, "exact", 45L, 20, 2, 0)]
    // Both values of each have to fit one message, of 15,000.
    [InlineData(Dtype.Float32, "exact", 45L, null, 1500, 5)]
    [InlineData(Dtype.Float32, "exact", 45L, null, 3751, 0)]
    public void Its_probes_are_few(Dtype dtype, string estimator, long probes, int? asked, int columns, int expected)
    {
        var spec = new JobSpec { Dtype = dtype, Estimator = Estimator.All.Single(one => one.Name == estimator), Probes = probes, RoundingProbes = asked, VBatch = 1 };
        string[] blocks = [.. Enumerable.Range(0, columns).Select(i => $"block {i}")];

        Assert.Equal(expected, new Schedule(spec, null, A).Says(A, Ready with { Blocks = blocks }).State.ComparedProbes);
    }

    [Fact]
    public void Its_result_is_accepted_and_counts_as_no_chunk_and_no_probe_of_the_job()
    {
        var job = Job(A).Asks(A).Says(A, Compared(3));

        Assert.Equal(Both, Assert.Single(job.Effects.OfType<Accept>()).Chunk);
        var worker = job.State.Workers[A];
        Assert.Equal((0L, 0L, 0.0, 0.125), (worker.ChunksDone, worker.ProbesDone, worker.ComputeSeconds, worker.WaitSeconds));
        Assert.Equal((0L, false), (job.State.Done.Count, job.State.AwaitsComparison));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(6)]
    public void A_result_without_both_values_of_each_probe_is_none(int half)
    {
        var job = Job(A).Asks(A).Says(A, Compared(half));

        Assert.Empty(job.Effects.OfType<Accept>());
        Assert.Equal(1, job.State.Counts.Failed);
    }

    [Fact]
    public void The_job_ends_no_sooner()
    {
        var job = Job(A, B).Asks(A).Asks(B, 5);
        for (long chunk = 0; chunk < 5; chunk++) job.Delivers(B, chunk);

        Assert.Equal(JobPhase.Running, job.State.Phase);
        Assert.Equal(JobEnd.Completed, job.Says(A, Compared(3)).Outcome!.End);
    }

    [Fact]
    public void A_lost_workers_goes_to_another_and_late_results_are_duplicates()
    {
        var job = Job(A, B).Asks(A).Loses(A).Asks(B);

        Assert.Equal([(B, Both, 2)], job.Issued);
        job.Says(B, Compared(3, attempt: 2)).Says(A, Compared(3));
        Assert.Equal(Both, Assert.Single(job.Effects.OfType<Compare>()).Chunk);
        Assert.Equal(1, job.State.Counts.Duplicates);
    }

    [Fact]
    public void What_a_worker_does_not_name_twice_is_issued_again()
    {
        var job = Job(A).Asks(A);

        job.Reports(A, 1).Reports(A, 1);

        Assert.Equal([(A, Both, 2)], job.Issued);
    }

    [Fact]
    public void Where_it_fails_for_good_the_job_goes_on_without_and_says_why()
    {
        const string why = "out of memory";
        var job = Job(A).Asks(A, 5).Fails(A, Both, retriable: false);
        Assert.Empty(job.Effects.OfType<Forgo>());

        job.Asks(A).Fails(A, Both, 2, retriable: false);

        Assert.Equal(why, Assert.Single(job.Effects.OfType<Forgo>()).Why);
        Assert.Equal((why, false), (job.State.NotCompared, job.State.AwaitsComparison));
        for (long chunk = 0; chunk < 5; chunk++) job.Asks(A).Delivers(A, chunk);
        Assert.Equal(JobEnd.Completed, job.Outcome!.End);
    }

    [Fact]
    public void So_it_does_where_it_fails_often()
    {
        var job = Job(A, B).Asks(A, 9).Asks(B, 9).Fails(A, Both).Fails(B, Both, 2).Fails(A, Both, 3);

        Assert.Single(job.Effects.OfType<Forgo>());
        Assert.Null(job.Outcome);
    }

    [Fact]
    public void So_it_does_where_it_takes_workers_with_it_before_it_has_taken_so_many_as_a_chunk_may()
    {
        var job = new Schedule(Spec, new JobPolicy { MaxLosses = 4 }, A, B, C);
        foreach (var worker in (WorkerKey[])[A, B, C]) job.Says(worker, Ready);

        job.Asks(A).Loses(A).Asks(B).Loses(B);

        Assert.Single(job.Effects.OfType<Forgo>());
        // A result that comes after all counts for nothing, so that what is reported does not depend on it.
        Assert.Empty(job.Says(A, Compared(3)).Effects);
        Assert.Equal([(C, 0L, 1)], job.Asks(C).Issued);
    }

    [Fact]
    public void A_recovered_job_does_not_compute_it_again()
    {
        var recovered = Recovered(Accepted(Both, Compared(3).Values), Accepted(0, Done(0).Values));

        var state = Start(recovered);

        Assert.Equal((false, 1L, 1L), (state.AwaitsComparison, state.Recovered, state.Workers[new WorkerKey("earlier", 7)].ChunksDone));
        Assert.Equal([1L, 2L, 3L, 4L], Issued(state));
    }

    [Fact]
    public void One_that_was_recovered_without_it_computes_it_first()
    {
        var state = Start(Recovered(Accepted(0, Done(0).Values), Accepted(2, Done(2).Values)));

        Assert.Equal([Both, 1L, 3L, 4L], Issued(state));
    }

    [Fact]
    public void One_that_had_ended_without_it_is_not_begun_again()
    {
        AcceptedChunk[] all = [.. Enumerable.Range(0, 5).Select(chunk => Accepted(chunk, Done(chunk).Values))];
        var ended = Recovered(all) with { Participants = [] };

        foreach (string? why in (string?[])["out of memory", null])
        {
            var state = Start(ended with { NotCompared = why });

            Assert.Equal((JobEnd.Completed, why ?? "an earlier version of the program computed the job"), (state.Outcome!.End, state.NotCompared));
        }
    }

    private static Schedule Job(params WorkerKey[] workers)
    {
        var schedule = new Schedule(Spec, null, workers);
        foreach (var worker in workers) schedule.Says(worker, Ready);
        return schedule;
    }

    private static ChunkDone Compared(int half, int attempt = 1) => new(
        Schedule.Job, Both, attempt, FakeQuadraticForm.Values(0, 0, 2 * half), 0.25, 0.125);

    private static AcceptedChunk Accepted(long chunk, ProbeValues values) =>
        new(chunk, new WorkerKey("earlier", 7), "cpu", 2, 0.5, 0.25, values);

    private static RecoveredJob Recovered(params AcceptedChunk[] chunks) => new(Ready, chunks);

    private static JobState Start(RecoveredJob recovered) => JobState.Start(
        Schedule.Job, Spec, new JobPolicy(), [new WorkerRegistered(A, "cpu")], recovered).State;

    private static IEnumerable<long> Issued(JobState state) => state
        .Apply(new WorkerSaid(A, Ready)).State
        .Apply(new WorkerSaid(A, new RequestWork(Schedule.Job, 9))).Effects
        .OfType<Send>().Select(send => send.Message).OfType<RunChunk>().Select(chunk => chunk.Chunk);
}
