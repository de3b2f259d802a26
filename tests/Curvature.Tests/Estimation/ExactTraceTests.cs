using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Estimation;

public sealed class ExactTraceTests
{
    /// <summary>
    /// Basis vectors in either space against the diagonal of the dense matrix; only rounding differs.
    /// </summary>
    private const double Tolerance = 1e-10;

    public static TheoryData<string, CurvatureMatrix> Models()
    {
        var data = new TheoryData<string, CurvatureMatrix>();
        foreach (string model in ModelCases.WithAutodiff)
        {
            foreach (var matrix in Enum.GetValues<CurvatureMatrix>()) data.Add(model, matrix);
        }

        return data;
    }

    [Fact]
    public void The_example_has_the_trace_that_BackPACK_computes()
    {
        using var example = MnistExample.Create(ScalarType.Float64, CPU);

        var exact = ExactTrace.Of(example.Risk);

        Near.Relative(12.45500893244757, exact.Trace, 1e-9);
        Assert.Equal(["1.weight", "3.weight"], exact.Blocks.Select(block => block.Name));
        Near.Relative(7.705597242211933, exact.Blocks[0].Trace, 1e-9);
        Near.Relative(4.749411690235636, exact.Blocks[1].Trace, 1e-9);
        Assert.All(exact.Blocks, block => Assert.Equal(0, block.StandardError));
    }

    [Fact]
    public void The_example_has_the_GGN_trace_that_BackPACK_computes()
    {
        using var example = MnistExample.Create(ScalarType.Float64, CPU);

        Near.Relative(16.270646433411383, ExactTrace.Of(example.Risk, CurvatureMatrix.Ggn).Trace, 1e-9);
    }

    [Fact]
    public void The_example_takes_11_lanes_and_in_parameter_space_15880()
    {
        using var example = MnistExample.Create(ScalarType.Float32, CPU);
        var basis = new CurvatureOptions { Distribution = ProbeDistribution.Basis };
        using var parameters = QuadraticForms.Create(example.Risk, basis);
        using var best = QuadraticForms.Create(example.Risk, new CurvatureOptions { ProbeSpace = null, Distribution = ProbeDistribution.Basis });

        Assert.Equal(15_880, parameters.BasisCount);
        Assert.Equal(11, best.BasisCount);
    }

    [Theory, MemberData(nameof(Models))]
    public void It_is_the_trace_of_the_dense_matrix_block_by_block(string model, CurvatureMatrix matrix)
    {
        foreach (string loss in new[] { "cross-entropy, mean", "squared error, sum" })
        {
            using var scope = NewDisposeScope();
            using var problem = ModelCases.All[model].With(LossCase.All[loss]);
            double[] diagonal = Dense.ToArray(Dense.Matrix(problem.Risk, matrix).diagonal());

            var exact = ExactTrace.Of(problem.Risk, matrix);

            Near.Relative(
                Dense.BlockSums(problem.Risk, diagonal), [.. exact.Blocks.Select(block => block.Trace)], Tolerance);
            Near.Absolute(diagonal.Sum(), exact.Trace, Tolerance * diagonal.Sum(Math.Abs));
        }
    }

    [Theory]
    [InlineData(CurvatureMethod.Autodiff, BlockStructure.Block)]
    [InlineData(CurvatureMethod.Autodiff, BlockStructure.Full)]
    [InlineData(CurvatureMethod.Hmp, BlockStructure.Block)]
    [InlineData(CurvatureMethod.Hmp, BlockStructure.Full)]
    [InlineData(CurvatureMethod.Quadratic, BlockStructure.Block)]
    [InlineData(CurvatureMethod.Quadratic, BlockStructure.Full)]
    public void Basis_vectors_of_parameter_space_give_the_diagonal_with_every_method(
        CurvatureMethod method, BlockStructure structure)
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All["three layers"].With(LossCase.All["cross-entropy, mean"]);
        double[] diagonal = Dense.ToArray(Dense.Matrix(problem.Risk, CurvatureMatrix.Hessian).diagonal());
        using var form = QuadraticForms.Create(problem.Risk, new CurvatureOptions
        {
            Method = method,
            Structure = structure,
            Distribution = ProbeDistribution.Basis,
        });

        var values = form.Evaluate(0, (int)form.BasisCount);

        Near.Relative(diagonal, [.. Enumerable.Range(0, values.Count).Select(values.Total)], Tolerance);
    }
}
