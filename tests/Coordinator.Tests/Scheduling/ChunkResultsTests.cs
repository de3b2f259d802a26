using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Operators;
using ActorHutch.Fakes;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Tests.Scheduling;

public class ChunkResultsTests
{
    private static readonly IReadOnlyList<string> Blocks = ["first.weight", "second.weight"];

    [Fact]
    public void Chunks_are_merged_in_their_order_whatever_the_order_they_come_in()
    {
        var results = new ChunkResults(new JobSpec { Probes = 30, VBatch = 10 }, Blocks);

        results.Accept(2, Schedule.A, Chunk(2));
        results.Accept(1, Schedule.B, Chunk(1));
        Assert.Equal(0, results.Count);

        results.Accept(0, Schedule.A, Chunk(0));
        Assert.Equal(30, results.Count);
    }

    [Fact]
    public void A_duplicate_agrees_when_all_its_bits_do()
    {
        var results = new ChunkResults(new JobSpec { Probes = 30, VBatch = 10 }, Blocks);
        results.Accept(1, Schedule.A, Chunk(1));
        double[] values = Chunk(1).Values.ToArray();
        values[7] = Math.BitIncrement(values[7]);

        Assert.Equal(
            new DuplicateCompared(1, Schedule.A, Schedule.B, Agree: true), results.Compare(1, Schedule.B, Chunk(1)));
        Assert.Equal(
            new DuplicateCompared(1, Schedule.A, Schedule.B, Agree: false),
            results.Compare(1, Schedule.B, new ProbeValues(10, 2, values)));
    }

    [Fact]
    public void The_target_is_reached_at_the_first_chunk_boundary_that_satisfies_it()
    {
        var spec = new JobSpec { Probes = 1000, VBatch = 10, RelativeError = 0.01 };
        var results = new ChunkResults(spec, Blocks);
        long chunk = 0;
        while (!results.TargetReached) results.Accept(chunk, Schedule.A, Chunk(chunk++));
        long reachedAt = results.Count;

        // Other chunks may be far ahead: where it stops is the same.
        var fromBehind = new ChunkResults(spec, Blocks);
        for (long ahead = 60; ahead >= 0; ahead--) fromBehind.Accept(ahead, Schedule.B, Chunk(ahead));

        Assert.Equal(chunk * 10, reachedAt);
        Assert.InRange(reachedAt, 30, 600);
        Assert.True(fromBehind.TargetReached);
        Assert.Equal(results.Moments, fromBehind.Moments);
    }

    [Fact]
    public void The_target_is_never_reached_before_thirty_probes()
    {
        var spec = new JobSpec { Probes = 1000, VBatch = 10, RelativeError = 0.99 };
        var results = new ChunkResults(spec, Blocks);

        results.Accept(0, Schedule.A, Chunk(0));
        results.Accept(1, Schedule.A, Chunk(1));
        Assert.False(results.TargetReached);

        results.Accept(2, Schedule.A, Chunk(2));
        Assert.True(results.TargetReached);
    }

    [Fact]
    public void An_exact_trace_has_no_target()
    {
        var results = new ChunkResults(new JobSpec { Estimator = Estimator.Exact, VBatch = 40, RelativeError = 0.99 }, Blocks);

        results.Accept(0, Schedule.A, FakeQuadraticForm.Values(0, 0, 40));

        Assert.False(results.TargetReached);
    }

    [Fact]
    public void While_products_are_merged_what_is_known_is_what_was_known_before()
    {
        var results = OfProducts(shards: 2);
        var first = results.VectorsOf(results.Tile(0))!;
        results.Accept(0, Schedule.A, results.Product(0));
        var merging = results.Results.Merging()!;
        results.Accept(1, Schedule.B, results.Product(1));

        Assert.Null(results.Results.Merging());
        var publish = merging();
        Assert.Equal((0, 0L, true), (results.Results.Count, results.Results.Turn, results.Results.IsBehind));
        publish();

        Assert.True(results.Results.IsBehind);
        publish = results.Results.Merging()!();
        Assert.Equal((0, 0L), (results.Results.Count, results.Results.Turn));
        Assert.Same(first, results.VectorsOf(results.Tile(1)));
        publish();

        Assert.Equal((1, 1L, false), (results.Results.Count, results.Results.Turn, results.Results.IsBehind));
        // A duplicate may still be on its way, or be asked for.
        Assert.Same(first, results.VectorsOf(results.Tile(1)));
        Assert.NotSame(first, results.VectorsOf(results.Tile(2)));
    }

    [Fact]
    public void What_cannot_be_merged_is_given_up()
    {
        var results = OfProducts(shards: 2);
        results.Accept(0, Schedule.A, results.Product(0));
        results.Accept(1, Schedule.A, new ProbeValues(0, 1, [1]));
        var merging = results.Results.Merging()!;

        Assert.Throws<ArgumentException>(() => merging());
        results.Results.GiveUp();
        results.Accept(2, Schedule.A, new ProbeValues(0, 1, [1]));

        Assert.Equal((false, null, null), (results.Results.IsBehind, results.Results.Turn, results.Results.Estimate()));
    }

    private static ProductResults OfProducts(int shards) => new(new WorkGrid(20, 1, 4 * shards, 4));

    /// <summary>A search for eigenvalues of <see cref="FakeQuadraticForm"/>'s matrix.</summary>
    private sealed class ProductResults(WorkGrid grid)
    {
        public ChunkResults Results { get; } = new(
            new JobSpec { Estimator = Estimator.Eigenvalues, Probes = 20, VBatch = 1, K = 1 }, Blocks, grid: grid, shapes: FakeQuadraticForm.ProductShapes);

        public Tile Tile(long chunk) => grid[chunk];

        public ProbeValues? VectorsOf(Tile tile) => Results.VectorsOf(tile);

        public ProbeValues Product(long chunk) => FakeQuadraticForm.Products(VectorsOf(grid[chunk]), grid[chunk].FirstProbe, 1);

        public void Accept(long chunk, WorkerKey worker, ProbeValues values) => Results.Accept(chunk, worker, values);
    }

    private static ProbeValues Chunk(long chunk) => FakeQuadraticForm.Values(0, chunk * 10, 10);
}
