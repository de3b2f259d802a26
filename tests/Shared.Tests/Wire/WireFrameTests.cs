using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Wire;

namespace ActorHutch.Shared.Tests.Wire;

public class WireFrameTests
{
    [Theory]
    [InlineData(1, 14_996)]
    [InlineData(8, 1_872)]
    [InlineData(7, 2_140)]
    [InlineData(4_000, 1)]
    [InlineData(15_000, 1)]
    [InlineData(15_001, 0)]
    public void A_chunk_has_at_most_so_many_probes(int columns, int probes) =>
        Assert.Equal(probes, WireFrame.MaxProbes(columns));

    [Fact]
    public void The_largest_chunk_is_no_problem_and_the_next_is()
    {
        var spec = new JobSpec { Probes = 1_000_000, VBatch = 1_872 };

        Assert.Null(WireFrame.Check(spec, 8));
        Assert.Equal(
            "--v-batch 1873: must be at most 1872 on a cluster, where 8 values a probe have to fit a message of 15,000.",
            WireFrame.Check(spec with { VBatch = 1_873 }, 8)!.ToString());
    }

    [Fact]
    public void Vectors_that_no_blob_holds_are_a_problem()
    {
        var spec = new JobSpec { Estimator = Curvature.Estimation.Estimator.Eigenvalues, Probes = 1_000, VBatch = 4 };

        Assert.Null(WireFrame.CheckVectors(spec, 60_000_000));
        Assert.Equal(
            "--v-batch 4: cannot be right on a cluster: 4 vectors of 70,000,000 values are more than the 250,000,000 that travel at once.",
            WireFrame.CheckVectors(spec, 70_000_000)!.ToString());
        // Of a single probe too, a diagonal has two rows.
        Assert.NotNull(WireFrame.CheckVectors(spec with { Estimator = Curvature.Estimation.Estimator.Diagonal, Probes = 1, VBatch = null }, 150_000_000));
    }

    [Fact]
    public void A_job_of_few_probes_has_small_chunks() =>
        Assert.Null(WireFrame.Check(new JobSpec { Probes = 10, VBatch = 100_000 }, 8));

    [Fact]
    public void No_chunk_serves_a_model_of_too_many_blocks() =>
        Assert.Contains(
            "20,000 blocks", WireFrame.Check(new JobSpec { VBatch = 1 }, 20_000)!.Right, StringComparison.Ordinal);
}
