using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Operators;

/// <summary>Probes drawn at the layers' outputs: the same trace, block by block, from fewer probes.</summary>
public sealed class OutputSpaceTests
{
    private const int Probes = 2000;

    /// <summary>
    /// Models whose blocks are each used once; about a hundred with two distributions, two matrices and a few blocks
    /// each, so a thousand comparisons: one false alarm among all of them in 1,700 seeds at five standard errors.
    /// </summary>
    public static TheoryData<string, ProbeDistribution> Table()
    {
        var data = new TheoryData<string, ProbeDistribution>();
        foreach (string model in ModelCases.WithAutodiff)
        {
            data.Add(model, ProbeDistribution.Rademacher);
            data.Add(model, ProbeDistribution.Gaussian);
        }

        return data;
    }

    [Theory, MemberData(nameof(Table))]
    public void The_mean_of_each_block_is_its_trace(string model, ProbeDistribution distribution)
    {
        foreach (var matrix in Enum.GetValues<CurvatureMatrix>())
        {
            using var scope = NewDisposeScope();
            using var problem = ModelCases.All[model].With(LossCase.All["cross-entropy, sum"]);
            double[] diagonal = Dense.ToArray(Dense.Matrix(problem.Risk, matrix).diagonal());
            using var form = QuadraticForms.Create(problem.Risk, new CurvatureOptions
            {
                Matrix = matrix,
                ProbeSpace = ProbeSpace.Output,
                Distribution = distribution,
                Seed = 11,
            });

            var estimate = HutchinsonEstimator.Estimate(form, Probes);

            // Where a block's probes all have one value, rounding is the only difference.
            double rounding = 1e-10 * diagonal.Sum(Math.Abs);
            foreach (var (expected, block) in Dense.BlockSums(problem.Risk, diagonal).Zip(estimate.Blocks))
                Near.Absolute(expected, block.Trace, 5 * block.StandardError + rounding);
            Near.Absolute(diagonal.Sum(), estimate.Trace, 5 * estimate.StandardError + rounding);
        }
    }

    /// <summary>As above, with one number a probe: two hundred comparisons, one false alarm in eight thousand seeds.</summary>
    [Theory, MemberData(nameof(Table))]
    public void All_places_in_one_sweep_have_the_trace_for_their_mean(string model, ProbeDistribution distribution)
    {
        foreach (var matrix in Enum.GetValues<CurvatureMatrix>())
        {
            using var scope = NewDisposeScope();
            using var problem = ModelCases.All[model].With(LossCase.All["cross-entropy, sum"]);
            double[] diagonal = Dense.ToArray(Dense.Matrix(problem.Risk, matrix).diagonal());
            using var form = QuadraticForms.Create(problem.Risk, new CurvatureOptions
            {
                Matrix = matrix,
                ProbeSpace = ProbeSpace.Output,
                Structure = BlockStructure.Full,
                Distribution = distribution,
                Seed = 11,
            });

            var estimate = HutchinsonEstimator.Estimate(form, Probes);

            Assert.Empty(estimate.Blocks);
            Near.Absolute(diagonal.Sum(), estimate.Trace, 5 * estimate.StandardError + 1e-10 * diagonal.Sum(Math.Abs));
        }
    }

    [Fact]
    public void Basis_vectors_are_drawn_at_one_place_in_either_structure()
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All["residual of convolutions"].With(LossCase.All["cross-entropy, sum"]);
        var basis = new CurvatureOptions { ProbeSpace = ProbeSpace.Output, Distribution = ProbeDistribution.Basis };
        using var blocks = QuadraticForms.Create(problem.Risk, basis);
        using var full = QuadraticForms.Create(problem.Risk, basis with { Structure = BlockStructure.Full });
        var (apart, together) = (blocks.Evaluate(0, (int)blocks.BasisCount), full.Evaluate(0, (int)full.BasisCount));

        Near.Relative([.. Enumerable.Range(0, apart.Count).Select(apart.Total)], together.Values, 1e-14);
    }

    [Fact]
    public void A_probe_does_not_depend_on_its_stack()
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All["residual of convolutions"].With(LossCase.All["cross-entropy, sum"]);
        using var form = QuadraticForms.Create(problem.Risk, new CurvatureOptions { ProbeSpace = ProbeSpace.Output });

        double[] together = form.Evaluate(0, 12).Values.ToArray();
        double[] singly = [.. Enumerable.Range(0, 12).SelectMany(i => form.Evaluate(i, 1).Values.ToArray())];

        // Sums of another association: rounding only.
        Near.Relative(together, singly, 1e-12);
    }

    [Fact]
    public void Samples_have_independent_probes()
    {
        using var scope = NewDisposeScope();
        var numbers = new Numbers(4);
        var model = Problem.Prepared(nn.Linear(3, 2, hasBias: false), numbers);
        var one = numbers.Normal(1, 3);
        using var problem = new Problem(
            model, new CrossEntropy(), one.expand(50, 3).contiguous(), zeros(50, ScalarType.Int64));
        using var form = QuadraticForms.Create(problem.Risk, new CurvatureOptions { ProbeSpace = ProbeSpace.Output });
        using var single = new Problem(model, new CrossEntropy(), one, zeros(1, ScalarType.Int64));
        using var ofOne = QuadraticForms.Create(single.Risk, new CurvatureOptions { ProbeSpace = ProbeSpace.Output });

        double variance = HutchinsonEstimator.Estimate(form, Probes).ProbeVariance;
        double varianceOfOne = HutchinsonEstimator.Estimate(ofOne, Probes).ProbeVariance;

        // The mean of fifty equal samples with probes of their own varies a fiftieth; with shared ones, as one does.
        Near.Relative(varianceOfOne / 50, variance, 0.2);
    }
}
