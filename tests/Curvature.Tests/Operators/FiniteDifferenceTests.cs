using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Operators;

/// <summary>
/// The reference itself, double backward, against central differences of first derivatives; layer rules take its place
/// where libtorch has no second derivative.
/// </summary>
public sealed class FiniteDifferenceTests
{
    /// <summary>Central differences err by h² ≈ 1e-10 in theory and by 1e-16 / h ≈ 1e-11 in rounding, times
    /// third derivatives and sums that stay below a thousand.</summary>
    private const double Tolerance = 1e-7;

    public static TheoryData<string, string> Table()
    {
        var data = new TheoryData<string, string>();
        foreach (string model in ModelCases.All.Where(m => m.Value.HasDifferences).Select(m => m.Key))
        {
            foreach (string loss in model == "tanh" ? LossCase.All.Keys : ["cross-entropy, mean"])
                data.Add(model, loss);
        }

        return data;
    }

    [Theory, MemberData(nameof(Table))]
    public void The_Hessian_and_its_diagonal_blocks(string model, string loss)
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All[model].With(LossCase.All[loss]);
        var expected = Differences.Hessian(problem.Risk);

        Compare(expected, Matrix(model, problem.Risk, CurvatureMatrix.Hessian, BlockStructure.Full));
        Compare(
            Dense.DiagonalBlocks(problem.Risk, expected),
            Matrix(model, problem.Risk, CurvatureMatrix.Hessian, BlockStructure.Block));
    }

    [Theory, MemberData(nameof(Table))]
    public void The_Gauss_Newton_matrix(string model, string loss)
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All[model].With(LossCase.All[loss]);

        Compare(
            Differences.GaussNewton(problem.Risk),
            Matrix(model, problem.Risk, CurvatureMatrix.Ggn, BlockStructure.Full));
    }

    private static Tensor Matrix(string model, EmpiricalRisk risk, CurvatureMatrix matrix, BlockStructure structure)
    {
        using ICurvatureProduct product = ModelCases.All[model].HasAutodiff
            ? new AutodiffProduct(risk, matrix, structure)
            : new LayerRuleProduct(risk, matrix, structure);
        return Dense.Matrix(product);
    }

    private static void Compare(Tensor expected, Tensor actual) =>
        Near.Relative(Dense.ToArray(expected), Dense.ToArray(actual), Tolerance);
}
