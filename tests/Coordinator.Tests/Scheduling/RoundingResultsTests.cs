using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Operators;
using ActorHutch.Fakes;
using ActorHutch.Shared.Jobs;
using static ActorHutch.Coordinator.Tests.Scheduling.Schedule;

namespace ActorHutch.Coordinator.Tests.Scheduling;

/// <summary>Where a job with a target stops depends on what rounding adds, and so does what it says.</summary>
public class RoundingResultsTests
{
    private static readonly string[] Blocks = ["first.weight", "second.weight"];

    private static readonly JobSpec Spec = new() { Probes = 1000, VBatch = 10, RelativeError = 0.02 };

    [Fact]
    public void Without_a_target_chunks_are_merged_as_they_come()
    {
        var results = new ChunkResults(Spec with { RelativeError = null }, Blocks, awaitsComparison: true);
        Accept(results, 0);

        Assert.Equal(10, results.Count);
        Assert.Null(results.Estimate()!.Rounding);
    }

    /// <summary>The target of 2 % is 0.24; the fake's half-width is about 0.14 after 30 probes.</summary>
    [Theory]
    [InlineData(0.0, 30)]
    [InlineData(0.15, 40)]
    public void With_a_target_they_wait_for_it_and_the_same_boundary_ends_the_job_whenever_it_comes(double rounding, int probes)
    {
        foreach (int after in (int[])[0, 2, 20])
        {
            var results = new ChunkResults(Spec, Blocks, awaitsComparison: true);
            for (int chunk = 0; chunk < 30; chunk++)
            {
                if (chunk == after)
                {
                    Assert.Equal(0, results.Count);
                    Compare(results, rounding);
                }

                Accept(results, chunk);
            }

            Assert.True(results.TargetReached);
            Assert.InRange(results.Count, probes, rounding == 0 ? 30 : 200);
            Assert.True(results.Estimate()!.Confidence.HalfWidth <= 0.02 * results.Estimate()!.Trace);
        }
    }

    [Fact]
    public void A_target_that_rounding_alone_exceeds_is_out_of_reach_and_is_never_reached()
    {
        var results = new ChunkResults(Spec, Blocks, awaitsComparison: true);
        Compare(results, 0.5);
        for (int chunk = 0; chunk < 30; chunk++) Accept(results, chunk);

        Assert.Equal((true, false, 30L), (results.TargetOutOfReach, results.TargetReached, results.Count));
    }

    [Fact]
    public void Forgone_it_holds_up_nothing()
    {
        var results = new ChunkResults(Spec, Blocks, awaitsComparison: true);
        for (int chunk = 0; chunk < 5; chunk++) Accept(results, chunk);

        results.ForgoComparison();

        Assert.Equal((true, 30L), (results.TargetReached, results.Count));
    }

    [Fact]
    public void Another_result_of_it_is_held_against_the_first()
    {
        var results = new ChunkResults(Spec, Blocks, awaitsComparison: true);
        Compare(results, 0.1);

        Assert.True(results.Compare(JobState.BothPrecisions, B, InBoth(0.1)).Agree);
        Assert.False(results.Compare(JobState.BothPrecisions, B, InBoth(0.2)).Agree);
    }

    private static void Accept(ChunkResults results, long chunk) =>
        results.Accept(chunk, A, FakeQuadraticForm.Values(0, chunk * 10, 10));

    private static void Compare(ChunkResults results, double rounding) =>
        results.Accept(JobState.BothPrecisions, A, InBoth(rounding));

    /// <summary>Single precision is off by so much in all, in each probe.</summary>
    private static ProbeValues InBoth(double rounding)
    {
        double[] values = FakeQuadraticForm.Values(0, 0, 4).Values.ToArray();
        return new ProbeValues(0, 2, [.. values, .. values.Select(value => value - rounding / 2)]);
    }
}
