using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Shared.Tests.Jobs;

public class JobSpecTests
{
    [Fact]
    public void The_defaults_are_a_valid_job() => Assert.Empty(new JobSpec().Validate());

    [Fact]
    public void Everything_wrong_is_reported_at_once_in_the_order_of_the_fields()
    {
        var spec = new JobSpec
        {
            Risk = new RiskSource { Model = "resnet" },
            Matrix = (CurvatureMatrix)7,
            Structure = (BlockStructure)7,
            Method = (CurvatureMethod)7,
            ProbeSpace = (ProbeSpace)7,
            Dtype = (Dtype)7,
            Distribution = ProbeDistribution.Basis,
            VBatch = 0,
            Probes = -1,
            RelativeError = 0,
            ConfidenceLevel = 1,
            RoundingProbes = 1,
        };

        Assert.Equal(
            ["model", "matrix", "structure", "method", "probe-space", "dtype", "v-batch", "distribution", "probes",
                "relative-error", "confidence-level", "rounding-probes"],
            spec.Validate().Select(problem => problem.Field));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    public void A_problem_names_the_option_its_value_and_what_would_be_right(long probes)
    {
        var problem = Assert.Single(new JobSpec { Probes = probes }.Validate());

        Assert.Equal($"--probes {probes}: must be at least 1.", problem.ToString());
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(1.0)]
    [InlineData(-0.1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_relative_error_is_a_share(double error) =>
        Assert.Equal("relative-error", Assert.Single(new JobSpec { RelativeError = error }.Validate()).Field);

    [Theory]
    [InlineData(CurvatureMethod.Autodiff)]
    [InlineData(CurvatureMethod.Hmp)]
    public void Output_space_has_no_products(CurvatureMethod method)
    {
        var spec = new JobSpec { ProbeSpace = ProbeSpace.Output, Method = method };

        Assert.Equal("method", Assert.Single(spec.Validate()).Field);
    }

    [Fact]
    public void Every_space_has_both_structures()
    {
        foreach (var space in Enum.GetValues<ProbeSpace>())
        {
            foreach (var structure in Enum.GetValues<BlockStructure>()) Assert.Empty(new JobSpec { ProbeSpace = space, Structure = structure }.Validate());
        }
    }

    [Fact]
    public void An_exact_trace_needs_nothing_that_is_random()
    {
        var spec = new JobSpec { Estimator = Estimator.Exact, Probes = 0, Distribution = ProbeDistribution.Basis };

        Assert.Empty(spec.Validate());
        Assert.Equal(ProbeDistribution.Basis, spec.CurvatureOptions().Distribution);
    }

    [Theory]
    [InlineData(1000, null, JobSpec.DefaultVBatch)]
    [InlineData(7, null, 7)]
    [InlineData(1000, 20, 20)]
    [InlineData(7, 20, 7)]
    public void A_chunk_is_V_batch_probes_and_never_more_than_there_are(long probes, int? vBatch, int size) =>
        Assert.Equal(size, new JobSpec { Probes = probes, VBatch = vBatch }.ChunkSize);

    [Fact]
    public void The_curvature_options_are_the_specs()
    {
        var spec = new JobSpec
        {
            Matrix = CurvatureMatrix.Ggn,
            Structure = BlockStructure.Full,
            Method = CurvatureMethod.Hmp,
            ProbeSpace = ProbeSpace.Output,
            Distribution = ProbeDistribution.Gaussian,
            Seed = 9,
        };

        Assert.Equal(
            new CurvatureOptions
            {
                Matrix = CurvatureMatrix.Ggn,
                Structure = BlockStructure.Full,
                Method = CurvatureMethod.Hmp,
                ProbeSpace = ProbeSpace.Output,
                Distribution = ProbeDistribution.Gaussian,
                Seed = 9,
            },
            spec.CurvatureOptions());
    }
}
