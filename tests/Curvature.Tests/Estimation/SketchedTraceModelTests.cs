using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Estimation;

/// <summary>XTrace and Hutch++ against dense traces of small models, in double precision and in shards of two samples.</summary>
public sealed class SketchedTraceModelTests
{
    public static TheoryData<string, string, CurvatureMatrix, BlockStructure> Cases()
    {
        var data = new TheoryData<string, string, CurvatureMatrix, BlockStructure>();
        foreach (string method in (string[])["xtrace", "hutchpp"])
        {
            foreach (string model in (string[])["tanh", "tied weights", "residual of convolutions"])
            {
                foreach (var matrix in Enum.GetValues<CurvatureMatrix>())
                {
                    foreach (var structure in Enum.GetValues<BlockStructure>()) data.Add(method, model, matrix, structure);
                }
            }
        }

        return data;
    }

    /// <summary>As many vectors as parameters: rounding alone is left. The block-diagonal matrix is another one, of the same trace.</summary>
    [Theory, MemberData(nameof(Cases))]
    public void It_is_exact_with_as_many_vectors_as_parameters(string method, string model, CurvatureMatrix matrix, BlockStructure structure)
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All[model].With(LossCase.All["cross-entropy, mean"]);
        double expected = Dense.Matrix(problem.Risk, matrix).trace().item<double>();
        using var risk = Shards(problem);
        var options = new CurvatureOptions { Matrix = matrix, Structure = structure };

        var found = method == "xtrace" ? XTraceEstimator.Estimate(risk, options, products: 2000) : HutchPlusPlusEstimator.Estimate(risk, options, products: 3000);

        Near.Relative(expected, found.Trace, 1e-9);
        Assert.True(found.IsExact);
        Assert.Empty(found.Blocks);
    }

    /// <summary>With fewer products it is an estimate, which shards and the width of a chunk leave what it is.</summary>
    [Theory]
    [InlineData("xtrace")]
    [InlineData("hutchpp")]
    public void Shards_and_widths_do_not_show(string method)
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All["tanh"].With(LossCase.All["cross-entropy, mean"]);
        using var whole = new ShardedRisk(problem.Risk.Model, problem.Risk.Loss, new TensorSamples(problem.Risk.Inputs, problem.Risk.Targets));
        using var shards = Shards(problem);
        var estimator = (ProductsEstimator)Estimator.All.Single(one => one.Name == method);
        var options = new CurvatureOptions { Structure = BlockStructure.Full, Seed = 5 };
        var expected = estimator.Run(whole, options, 12);

        Assert.True(expected.StandardError > 0);
        foreach (int width in (int[])[1, 2])
        {
            var found = estimator.Run(shards, options, 12, width);
            Near.Relative(expected.Trace, found.Trace, 1e-9);
            Near.Relative(expected.StandardError, found.StandardError, 1e-7);
        }
    }

    [Fact]
    public void A_matrix_of_zeros_has_the_trace_zero()
    {
        using var scope = NewDisposeScope();
        var numbers = new Numbers(1);
        using var problem = new Problem(
            Problem.Prepared(nn.Linear(3, 2), numbers), new AbsoluteError(), numbers.Normal(4, 3), numbers.Normal(4, 2));
        using var risk = Shards(problem);

        foreach (var found in (TraceEstimate[])[XTraceEstimator.Estimate(risk, products: 4), HutchPlusPlusEstimator.Estimate(risk, products: 4)])
            Assert.Equal((0.0, 0.0, true), (found.Trace, found.StandardError, found.IsExact));
    }

    private static ShardedRisk Shards(Problem problem) =>
        new(problem.Risk.Model, problem.Risk.Loss, new TensorSamples(problem.Risk.Inputs, problem.Risk.Targets), 2);
}
