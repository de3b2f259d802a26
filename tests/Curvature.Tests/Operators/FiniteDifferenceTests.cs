using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Operators;

/// <summary>The reference itself, double backward, against central differences of first derivatives.</summary>
public sealed class FiniteDifferenceTests
{
    private const double Step = 1e-5;

    /// <summary>Central differences err by Step² ≈ 1e-10 in theory and by 1e-16 / Step ≈ 1e-11 in rounding, times
    /// third derivatives and sums that stay below a thousand.</summary>
    private const double Tolerance = 1e-7;

    public static TheoryData<string, string> Table()
    {
        var data = new TheoryData<string, string>();
        foreach (string model in ModelCases.All.Keys)
        {
            foreach (string loss in LossCase.All.Keys) data.Add(model, loss);
        }

        return data;
    }

    [Theory, MemberData(nameof(Table))]
    public void Autodiff_gives_the_Hessian_and_its_diagonal_blocks(string model, string loss)
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All[model].With(LossCase.All[loss]);
        var expected = Differences(problem.Risk, () => Gradient(problem.Risk));

        Compare(expected, Dense.Matrix(problem.Risk, CurvatureMatrix.Hessian));
        Compare(
            Dense.DiagonalBlocks(problem.Risk, expected),
            Dense.Matrix(problem.Risk, CurvatureMatrix.Hessian, BlockStructure.Block));
    }

    [Theory, MemberData(nameof(Table))]
    public void Autodiff_gives_the_Gauss_Newton_matrix(string model, string loss)
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All[model].With(LossCase.All[loss]);
        var risk = problem.Risk;
        using var output = Output(risk);
        var jacobian = Differences(risk, () => Output(risk).reshape(-1));
        var curvature = Differences([output], () => LossGradient(risk, output).reshape(-1));

        var expected = jacobian.mm(curvature).mm(jacobian.t());

        Compare(expected, Dense.Matrix(risk, CurvatureMatrix.Ggn));
    }

    private static void Compare(Tensor expected, Tensor actual) =>
        Near.Relative(Dense.ToArray(expected), Dense.ToArray(actual), Tolerance);

    private static Tensor Differences(EmpiricalRisk risk, Func<Tensor> function) =>
        Differences([.. risk.Blocks.Select(block => block.Parameter)], function);

    /// <summary>Row i: the derivative of a vector by the i-th number of some tensors, taken in order.</summary>
    private static Tensor Differences(Tensor[] points, Func<Tensor> function)
    {
        var rows = new List<Tensor>();
        foreach (var point in points)
        {
            for (long i = 0; i < point.numel(); i++)
            {
                Move(point, i, Step);
                var high = function();
                Move(point, i, -2 * Step);
                var low = function();
                Move(point, i, Step);
                rows.Add((high - low) / (2 * Step));
            }
        }

        return stack(rows);
    }

    private static void Move(Tensor point, long index, double by)
    {
        using var noGrad = no_grad();
        point.view(-1)[index].add_(by);
    }

    private static Tensor Gradient(EmpiricalRisk risk)
    {
        risk.Model.zero_grad();
        risk.Loss.Value(risk.Model.call(risk.Inputs), risk.Targets).backward();
        return cat([.. risk.Blocks.Select(block => (block.Parameter.grad ?? zeros_like(block.Parameter)).detach().clone().reshape(-1))]);
    }

    private static Tensor Output(EmpiricalRisk risk)
    {
        using var noGrad = no_grad();
        return risk.Model.call(risk.Inputs);
    }

    private static Tensor LossGradient(EmpiricalRisk risk, Tensor output)
    {
        var point = output.detach().clone().requires_grad_();
        risk.Loss.Value(point, risk.Targets).backward();
        return point.grad!.detach();
    }
}
