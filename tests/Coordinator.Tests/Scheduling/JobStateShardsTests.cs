using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature;
using ActorHutch.Fakes;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using static ActorHutch.Coordinator.Tests.Scheduling.Schedule;

namespace ActorHutch.Coordinator.Tests.Scheduling;

/// <summary>A job whose samples are in shards: two of four samples, of three and of one, and three ranges of probes.</summary>
public class JobStateShardsTests
{
    private static readonly ReplicaReady Sharded = Ready with { ShardSize = 3 };

    [Fact]
    public void Chunks_are_tiles_and_a_worker_keeps_its_shard()
    {
        var job = Begun(0, A, B).Asks(A, 2).Asks(B, 2);

        Assert.Equal((6L, 2L), (job.State.ChunkCount, job.State.Shards));
        var chunks = Tiles(Begun(0, A, B).Asks(A)).Concat(Tiles(job)).ToArray();
        // A has begun both; B, which has none, helps with the one that is behind, and with the other.
        Assert.Equal([(0L, new Tile(0, 10, 0, 3), true), (2L, new Tile(10, 10, 0, 3), true), (3L, new Tile(10, 10, 3, 1), true)], chunks);
        Assert.Equal([3L], [.. Begun(0, A, B).Asks(A).Asks(B).Delivers(A, Result(0)).Delivers(B, Result(1)).Asks(B).Issued.Select(one => one.Chunk)]);
    }

    [Fact]
    public void It_is_done_when_every_tile_is()
    {
        var job = Begun(0, A).Asks(A, 6);
        for (long chunk = 5; chunk >= 0; chunk--) job.Delivers(A, Result(chunk));

        Assert.Equal(JobEnd.Completed, job.Outcome?.End);
        Assert.Equal(25.0, job.State.ProbesOf(job.State.Workers[A]));
    }

    [Fact]
    public void Each_shard_is_compared_once_by_whoever_has_it()
    {
        var job = Begun(2, A, B).Asks(A).Asks(B);

        job.Delivers(A, Result(0)).Asks(A);
        Assert.Equal([(A, -1L, 1)], job.Issued);
        var run = (RunChunk)job.Effects.OfType<Send>().Single().Message;
        Assert.Equal((new Tile(0, 2, 0, 3), true), (run.Tile, run.InBothPrecisions));
        job.Delivers(B, Result(1)).Asks(B);
        Assert.Equal([(B, -2L, 1)], job.Issued);

        job.Delivers(A, Compared(-1)).Delivers(B, Compared(-2));
        Assert.False(job.State.AwaitsComparison);
        Assert.Equal([2L, 4L], [.. Asked(job, A), .. Asked(job, A)]);
    }

    [Fact]
    public void Others_compare_what_is_left_when_nothing_else_is()
    {
        var job = Begun(2, A, B).Asks(A).Asks(B, 9);

        // A has the first chunk and is slow; all others are out to B, and then what A should compare.
        Assert.Equal([0L], job.State.Workers[A].Chunks);
        Assert.Equal([-2, -1, 1, 2, 3, 4, 5], job.State.Workers[B].Chunks);
        Assert.Equal(-1, job.Issued.Last().Chunk);
    }

    [Fact]
    public void A_lost_workers_shard_and_its_comparison_go_to_others()
    {
        var job = Begun(2, A, B).Asks(A).Asks(B).Asks(A);
        Assert.Equal([(A, -1L, 1)], job.Issued);

        job.Loses(A).Asks(B, 9);

        Assert.Equal([-2, -1, 0, 1, 2, 3, 4, 5], job.State.Workers[B].Chunks);
    }

    [Fact]
    public void Wrong_samples_end_it_as_bad_input_in_the_words_of_who_found_them()
    {
        var job = Begun(0, A, B).Asks(A).Asks(B, 2).Delivers(A, Result(0)).Delivers(B, Result(3));
        job.Says(B, Wrong(1)).Asks(A, 2).Says(A, Wrong(1, attempt: 2));

        Assert.Equal((JobEnd.Refused, "1 target is wrong"), (job.Outcome?.End, job.Outcome?.Message));
    }

    [Fact]
    public void A_weight_that_is_none_is_no_result()
    {
        var job = Begun(0, A, B).Asks(A).Delivers(A, Result(0) with { Values = With(Result(0), double.NaN) });

        Assert.Equal(1, job.State.Counts.Failed);
        Assert.Empty(job.Effects.OfType<Accept>());
    }

    [Fact]
    public void It_goes_on_where_an_earlier_run_stopped()
    {
        var accepted = new[] { 0L, 1, 3 }.Select(chunk => new AcceptedChunk(chunk, new WorkerKey("earlier", 7), "cpu", 1, 0.5, 0.25, Result(chunk).Values));
        var start = JobState.Start(
            Job, Spec(0), new JobPolicy(), [new WorkerRegistered(A, "cpu")], new RecoveredJob(Sharded, [.. accepted]));
        var job = start.State.Apply(new WorkerSaid(A, Sharded)).State.Apply(new WorkerSaid(A, new RequestWork(Job, 9)));

        Assert.Equal([2, 4, 5], job.State.Workers[A].Chunks);
        Assert.Equal(3, job.State.Recovered);
    }

    [Fact]
    public void Values_fold_by_weight_in_the_order_of_the_tiles()
    {
        var results = new ChunkResults(Spec(0), ["first.weight", "second.weight"], keepsValues: true, grid: new WorkGrid(25, 10, 4, 3));
        foreach (long chunk in new long[] { 3, 1, 0, 2 }) results.Accept(chunk, A, Result(chunk).Values);

        Assert.Equal(20, results.Count);
        var expected = FakeQuadraticForm.Values(0, 0, 10);
        // Weights 3 and 1; the second shard's values are 1.3 times as large.
        Assert.Equal((3 * expected.Values[0] + 1 * (expected.Values[0] * 1.3)) / 4, results.Values![0].Values[0], 1e-14);
    }

    [Fact]
    public void Too_many_chunks_are_refused_with_a_way_out()
    {
        var job = new Schedule(new JobSpec { Probes = 1L << 31, VBatch = 2, RoundingProbes = 0 }, null, A).Says(A, Sharded);

        Assert.Equal(JobEnd.Refused, job.Outcome?.End);
        Assert.Contains("Use larger shards, with --shard", job.Outcome!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_of_a_thousand_blocks_has_chunks_that_fit_a_message()
    {
        var job = new Schedule(new JobSpec { Probes = 45 }, null, A).Says(A, Ready with { Blocks = [.. Enumerable.Range(0, 1000).Select(i => $"{i}")] });

        Assert.Equal((12, 4L), (job.State.Spec.ChunkSize, job.State.ChunkCount));
    }

    private static JobSpec Spec(int compared) => new() { Probes = 25, VBatch = 10, RoundingProbes = compared };

    private static Schedule Begun(int compared, params WorkerKey[] workers)
    {
        var schedule = new Schedule(Spec(compared), new JobPolicy { MinWorkers = workers.Length }, workers);
        foreach (var worker in workers) schedule.Says(worker, Sharded);
        return schedule;
    }

    private static IEnumerable<(long Chunk, Tile Tile, bool Keeps)> Tiles(Schedule schedule) => schedule.Effects.OfType<Send>()
        .Select(send => send.Message).OfType<RunChunk>().Select(run => (run.Chunk, run.Tile, run.Keeps));

    private static long[] Asked(Schedule schedule, WorkerKey worker) => [.. schedule.Asks(worker).Issued.Select(one => one.Chunk)];

    private static ChunkDone Result(long chunk)
    {
        var tile = new WorkGrid(25, 10, 4, 3)[chunk];
        return new ChunkDone(Job, chunk, 1, FakeQuadraticForm.OfShard(FakeQuadraticForm.Values(0, tile.FirstProbe, tile.Probes), tile), 0.25, 0.125);
    }

    private static ChunkDone Compared(long chunk) => new(Job, chunk, 1, new(0, 2, new double[8]) { Weight = 1 }, 0.25, 0.125);

    private static Curvature.Operators.ProbeValues With(ChunkDone done, double weight) =>
        new(done.Values.FirstProbe, done.Values.Columns, done.Values.Values.ToArray()) { Weight = weight };

    private static ChunkFailed Wrong(long chunk, int attempt = 1) =>
        new(Job, chunk, attempt, "1 target is wrong", Retriable: false) { IsOfInput = true };
}
