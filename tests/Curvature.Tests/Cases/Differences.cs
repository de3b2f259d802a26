using System.Runtime.InteropServices;
using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Cases;

/// <summary>Curvature matrices by central differences of first derivatives.</summary>
internal static class Differences
{
    private const double Step = 1e-5;

    /// <summary>Differences of the loss's gradient.</summary>
    public static Tensor Hessian(EmpiricalRisk risk) => Of(risk, () => Gradient(risk));

    /// <summary>J ∇²ℓ Jᵀ with both factors by differences.</summary>
    public static Tensor GaussNewton(EmpiricalRisk risk)
    {
        using var output = Output(risk);
        var jacobian = Of(risk, () => Output(risk).reshape(-1));
        var curvature = Of([output], () => LossGradient(risk, output).reshape(-1));
        return jacobian.mm(curvature).mm(jacobian.t());
    }

    private static Tensor Of(EmpiricalRisk risk, Func<Tensor> function) =>
        Of([.. risk.Blocks.Select(block => block.Parameter)], function);

    /// <summary>Row i: the derivative of a vector by the i-th number of some tensors, taken in order.</summary>
    private static Tensor Of(Tensor[] points, Func<Tensor> function)
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
        using var numbers = point.detach();
        MemoryMarshal.Cast<byte, double>(numbers.bytes)[(int)index] += by;
    }

    private static Tensor Gradient(EmpiricalRisk risk)
    {
        risk.Model.zero_grad();
        risk.Loss.Value(risk.Model.call(risk.Inputs[0]), risk.Targets).backward();
        return cat([.. risk.Blocks.Select(block =>
            (block.Parameter.grad ?? zeros_like(block.Parameter)).detach().clone().reshape(-1))]);
    }

    private static Tensor Output(EmpiricalRisk risk)
    {
        using var noGrad = no_grad();
        return risk.Model.call(risk.Inputs[0]);
    }

    private static Tensor LossGradient(EmpiricalRisk risk, Tensor output)
    {
        var point = output.detach().clone().requires_grad_();
        risk.Loss.Value(point, risk.Targets).backward();
        return point.grad!.detach();
    }
}
