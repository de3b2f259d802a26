using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Operators;
using ActorHutch.Fakes;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using static ActorHutch.Coordinator.Tests.Scheduling.Schedule;

namespace ActorHutch.Coordinator.Tests.Scheduling;

/// <summary>A job goes on where an earlier run stopped.</summary>
public class JobStateRecoveryTests
{
    private static readonly JobSpec Spec = new() { Probes = 45, VBatch = 10, RoundingProbes = 0 };
    private static readonly WorkerKey Earlier = new("a", 77);

    [Fact]
    public void Only_what_is_missing_is_issued_the_gaps_first()
    {
        var state = Start(Recovered(0, 3)).State;

        var issued = Run(state, new RequestWork(Job, 9));

        Assert.Equal([1L, 2L, 4L], issued);
        Assert.Equal((2L, 2L), (state.Recovered, state.Done.Count));
    }

    [Fact]
    public void A_job_that_was_complete_ends_at_once_and_asks_nobody_for_a_replica()
    {
        var start = Start(Recovered(0, 1, 2, 3, 4));

        Assert.Equal(JobEnd.Completed, Assert.IsType<Finish>(Assert.Single(start.Effects)).Outcome.End);
        Assert.Equal(JobPhase.Finished, start.State.Phase);
        Assert.Equal(Ready.Model, start.State.Replica!.Model);
    }

    [Fact]
    public void An_exact_traces_basis_vectors_are_known_from_the_journal()
    {
        var recovered = Recovered() with
        {
            Chunks = [Accepted(0, new ProbeValues(0, 2, new double[16]))],
        };

        var start = Start(recovered, Spec with { Estimator = Estimator.Exact });

        Assert.Equal((8L, JobEnd.Completed), (start.State.Probes, start.State.Outcome!.End));
    }

    [Fact]
    public void Who_computed_it_is_in_the_report_and_gone()
    {
        var state = Start(Recovered(0, 4)).State;

        var worker = state.Workers[Earlier];
        Assert.Equal((2L, 15L, 1.0, 0.5), (worker.ChunksDone, worker.ProbesDone, worker.ComputeSeconds, worker.WaitSeconds));
        Assert.Equal((WorkerPhase.Lost, null), (worker.Phase, worker.Reason));
        Assert.Equal(1, state.PresentWorkers);
    }

    [Fact]
    public void A_worker_with_another_replica_than_the_chunks_were_computed_with_does_not_take_part()
    {
        var other = Ready with { Model = Ready.Model with { Sha256 = "beef" } };

        var after = Start(Recovered(0)).State.Apply(new WorkerSaid(A, other)).State;

        Assert.Equal(WorkerPhase.Failed, after.Workers[A].Phase);
        Assert.Contains("the state directory's chunks", after.Workers[A].Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(5L, 0L, 10)]
    [InlineData(1L, 0L, 10)]
    [InlineData(1L, 10L, 9)]
    public void A_chunk_of_another_shape_is_told_and_nothing_is_computed(long chunk, long firstProbe, int count)
    {
        var recovered = Recovered(0) with
        {
            Chunks = [Accepted(chunk, FakeQuadraticForm.Values(0, firstProbe, count))],
        };

        var outcome = Start(recovered).State.Outcome!;

        Assert.Equal(JobEnd.Refused, outcome.End);
        Assert.Contains($"chunk {chunk} is none of this job's", outcome.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_journal_that_cannot_be_written_fails_the_job()
    {
        var schedule = Begun(null, A).Asks(A).Happens(new JournalLost("the disk is full."));

        Assert.Equal(JobEnd.Failed, schedule.Outcome!.End);
        Assert.Contains("the disk is full. What was accepted before is kept.", schedule.Outcome.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", 0L, "")]
    [InlineData("0 1 2", 3L, "")]
    [InlineData("2", 3L, "0 1")]
    [InlineData("5 1 4 9", 10L, "0 2 3 6 7 8")]
    public void A_set_of_chunks_knows_its_gaps(string chunks, long end, string gaps)
    {
        var set = Numbers(chunks).Aggregate(ChunkSet.Empty, (done, chunk) => done.Add(chunk));

        Assert.Equal(end, set.End);
        Assert.Equal(Numbers(gaps), set.Gaps);
    }

    private static Transition Start(RecoveredJob recovered, JobSpec? spec = null) =>
        JobState.Start(Job, spec ?? Spec, new JobPolicy(), [new WorkerRegistered(A, "cpu")], recovered);

    private static RecoveredJob Recovered(params long[] chunks) =>
        new(Ready, [.. chunks.Select(chunk => Accepted(chunk, Done(chunk).Values))]);

    private static AcceptedChunk Accepted(long chunk, ProbeValues values) => new(chunk, Earlier, "cpu", 2, 0.5, 0.25, values);

    private static IEnumerable<long> Run(JobState state, RequestWork request) => state
        .Apply(new WorkerSaid(A, Ready)).State
        .Apply(new WorkerSaid(A, request)).Effects
        .OfType<Send>().Select(send => send.Message).OfType<RunChunk>().Select(chunk => chunk.Chunk);

    private static IEnumerable<long> Numbers(string text) =>
        text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(long.Parse);
}
