using System.Globalization;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Estimation;
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
                Bits(result.Estimate?.Moments.Mean, result.Exact?.Trace, result.Probes, result.Estimate?.Rounding ?? result.Exact?.Rounding));
        }

        // Whoever is as it should be may be lost, and is not said to be wrong.
        Assert.All(result.State.Workers, worker => Assert.False(
            !IsBad(worker.Key) && worker.Value.Phase == WorkerPhase.Failed, $"{worker}"));
    }

    private static bool IsBad(WorkerKey worker) => worker.Id.StartsWith("bad", StringComparison.Ordinal);

    /// <summary>What one worker comes to, chunk by chunk.</summary>
    private static string Expected(JobSpec spec, bool compared)
    {
        var results = new ChunkResults(spec, ["first.weight", "second.weight"]);
        if (compared) results.Accept(JobState.BothPrecisions, new WorkerKey("one", 1), InBothPrecisions(spec));
        long probes = spec.Kind == JobKind.Exact ? 50 : spec.Probes;
        for (long first = 0; first < probes && !results.TargetReached; first += spec.ChunkSize)
        {
            int count = (int)Math.Min(spec.ChunkSize, probes - first);
            results.Accept(first / spec.ChunkSize, new WorkerKey("one", 1), spec.Kind == JobKind.Exact
                ? FakeQuadraticForm.Rounded(FakeQuadraticForm.Lanes(50, first, count), Conducts.Rounding / 50)
                : FakeQuadraticForm.Rounded(FakeQuadraticForm.Values(spec.Seed, first, count), Conducts.Rounding));
        }

        return spec.Kind == JobKind.Exact
            ? Bits(null, results.Accumulator.Sum().Trace, probes, results.Rounding)
            : Bits(results.Accumulator.Moments.Mean, null, results.Accumulator.Count, results.Rounding);
    }

    private static ProbeValues InBothPrecisions(JobSpec spec)
    {
        var values = FakeQuadraticForm.Values(spec.Seed, 0, spec.ComparedProbes(int.MaxValue));
        return new ProbeValues(0, 2, [.. FakeQuadraticForm.Rounded(values, Conducts.Rounding).Values, .. values.Values]);
    }

    private static string Bits(double? mean, double? exact, long probes, RoundingError? rounding) => string.Create(
        CultureInfo.InvariantCulture, $"{mean:R} {exact:R} of {probes}, {rounding?.Bias:R} {rounding?.Bound:R} by {rounding?.Probes}");

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out int number) ? number : null;
}
