using System.Globalization;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Fakes;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Tests.Simulation;

/// <summary>
/// The whole system, with workers that misbehave, processes that die and stop, a network that loses, repeats and reorders,
/// a disk that fails, and clocks that jump: whatever happens, a job ends with the bits of one worker, or says why not.
/// </summary>
/// <remarks>
/// A failure names its seed. <c>ACTORHUTCH_SEED=N</c> plays that one alone, and <c>ACTORHUTCH_SEEDS=N</c> has another
/// number of them than is usual.
/// </remarks>
public class WholeSystemTests
{
    private const int Parts = 4;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Whatever_happens_a_job_ends_with_the_bits_of_one_worker_or_says_why_not(int part)
    {
        if (Number("ACTORHUTCH_SEED") is { } one)
        {
            if (part == 0) Play(one);
            return;
        }

        int seeds = Number("ACTORHUTCH_SEEDS") ?? 2000;
        for (int seed = part; seed < seeds; seed += Parts) Play(seed);
    }

    [Fact]
    public void A_seed_is_played_the_same_way_again()
    {
        for (int seed = 0; seed < 20; seed++) Assert.Equal(TraceOf(seed), TraceOf(seed));
    }

    private static string TraceOf(int seed)
    {
        using var machine = new SimulatedSystem();
        var world = new World(machine, WorldPlan.Any(new Random(seed)), seed, traces: true);
        world.Run();
        return world.Trace;
    }

    private static void Play(int seed)
    {
        var plan = WorldPlan.Any(new Random(seed));
        try
        {
            Play(plan, seed, traces: false, out _);
        }
        catch (Exception)
        {
            // Once more, to tell what happened.
            string trace = "";
            var error = Record.Exception(() => Play(plan, seed, traces: true, out trace));
            Assert.Fail(
                $"Seed {seed} (ACTORHUTCH_SEED={seed} plays it again): {error?.Message}\n{plan}\n"
                + $"Workers: {string.Join(", ", plan.Workers)}\n{trace}\n{error}");
        }
    }

    private static void Play(WorldPlan plan, int seed, bool traces, out string trace)
    {
        using var machine = new SimulatedSystem();
        var world = new World(machine, plan, seed, traces);
        try
        {
            world.Run();
            Check(world);
            if (plan.IsJournaled && world is { DiskRotted: false, Result.Succeeded: true })
            {
                // A job that is done says the same when it is asked for again.
                world.RunAgain();
                Check(world);
            }
        }
        finally
        {
            trace = world.Trace;
        }
    }

    private static void Check(World world)
    {
        var plan = world.Plan;
        if (world.Refused is { } refused)
        {
            bool slept = world.HasSlept && refused.Message.Contains("timed out", StringComparison.Ordinal);
            Assert.True(world.DiskRotted || slept, $"The job was refused though the disk is sound: {refused.Message}");
            Assert.Contains("The state directory's journal cannot be read", refused.Message, StringComparison.Ordinal);
            return;
        }

        var result = world.Result!;
        // Where nobody else is there yet, whoever says that the job, or a chunk, cannot be computed is believed.
        bool isAlone = !result.State.Workers.Any(worker => worker.Value.ChunksDone > 0) && result.State.Workers.Any(worker => IsBad(worker.Key));
        if (result.Outcome.End == JobEnd.Refused && isAlone) return;
        if (result.Outcome.End == JobEnd.Failed && isAlone && result.State.Workers.All(worker => IsBad(worker.Key))) return;
        Assert.True(result.Succeeded, $"{result.Outcome}");
        var disagreements = result.State.Counts.Disagreements;
        bool liar = plan.Workers.Any(worker => worker.Conduct == Conduct.LiesAboutItsKind);
        if (!liar) Assert.Empty(disagreements);
        if (disagreements.Length == 0)
        {
            Assert.Equal(
                Expected(plan.Spec, result.State.NotCompared is null),
                Bits(result.Estimate, result.Probes, result.Rounding));
        }

        // Whoever is as it should be may be lost, and is not said to be wrong.
        Assert.All(result.State.Workers, worker => Assert.False(
            !IsBad(worker.Key) && worker.Value.Phase == WorkerPhase.Failed, $"{worker}"));
    }

    private static bool IsBad(WorkerKey worker) => worker.Id.StartsWith("bad", StringComparison.Ordinal);

    /// <summary>What one worker comes to, chunk by chunk.</summary>
    private static string Expected(JobSpec spec, bool compared)
    {
        long probes = spec.Estimator.Probes(spec.Probes, basisCount: 50);
        var grid = new WorkGrid(probes, spec.ChunkSize, FakeReplica.Samples, spec.Risk.Shard ?? ShardSize.Whole);
        bool takesPart = spec.Estimator.TakesPart, takesTurns = spec.Estimator.TakesTurns;
        if (takesTurns)
        {
            compared = false;
            grid = grid with { Probes = probes / spec.ChunkSize * spec.ChunkSize };
        }

        if (takesPart) grid = grid.InOrder(spec.Seed);
        var one = new WorkerKey("one", 1);
        var results = new ChunkResults(
            spec, ["first.weight", "second.weight"], awaitsComparison: compared, grid: grid, sums: spec.Risk.Reduction == Reduction.Sum,
            shapes: takesTurns ? FakeQuadraticForm.ProductShapes : null);
        for (long shard = 0; compared && shard < (takesPart ? 1 : grid.Shards); shard++)
            results.Accept(JobState.BothPrecisions - shard, one, InBothPrecisions(spec, grid.Of(0, spec.ComparedProbes(int.MaxValue), shard)));
        for (long chunk = 0; chunk < grid.Count && !results.TargetReached; chunk++)
        {
            results.Accept(chunk, one, OfShard(spec, grid[chunk], takesTurns ? Products(results, grid[chunk]) : Rounded(spec, grid[chunk])));
            results.Merge();
        }

        var estimate = results.Estimate(isComplete: true);
        return Bits(estimate, estimate?.Probes ?? 0, results.Rounding);
    }

    private static ProbeValues Products(ChunkResults results, Tile tile) => FakeQuadraticForm.Products(results.VectorsOf(tile), tile.FirstProbe, tile.Probes);

    private static ProbeValues Rounded(JobSpec spec, Tile tile) => spec.Estimator.IsExact
        ? FakeQuadraticForm.Rounded(FakeQuadraticForm.Lanes(50, tile.FirstProbe, tile.Probes), Conducts.Rounding / 50)
        : FakeQuadraticForm.Rounded(FakeQuadraticForm.Values(spec.Seed, tile.FirstProbe, tile.Probes), Conducts.Rounding);

    private static ProbeValues OfShard(JobSpec spec, Tile tile, ProbeValues values) =>
        spec.Risk.Shard is null ? values : FakeQuadraticForm.OfShard(values, tile);

    private static ProbeValues InBothPrecisions(JobSpec spec, Tile tile)
    {
        var values = FakeQuadraticForm.Values(spec.Seed, tile.FirstProbe, tile.Probes);
        var (single, precise) = (OfShard(spec, tile, FakeQuadraticForm.Rounded(values, Conducts.Rounding)), OfShard(spec, tile, values));
        return new ProbeValues(tile.FirstProbe, 2, [.. single.Values, .. precise.Values]) { Weight = single.Weight };
    }

    private static string Bits(TraceEstimate? estimate, long probes, RoundingError? rounding)
    {
        string bits = string.Create(
            CultureInfo.InvariantCulture, $"{estimate?.Trace:R} of {probes}, {rounding?.Bias:R} {rounding?.Bound:R} by {rounding?.Probes}");
        if (estimate?.Eigenvalues is not { } found) return bits;
        string vectors = string.Join(' ', found.Vectors?.Select(vector => new ProbeValues(0, vector.Length, vector).Digest) ?? []);
        return string.Create(CultureInfo.InvariantCulture, $"{bits}: {string.Join(' ', found.Values)}, {found.IsMeasured}, {vectors}");
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out int number) ? number : null;
}
