using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Risks;
using TorchSharp;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Cases;

/// <summary>A risk, with the model and the batch that it rests on.</summary>
internal sealed class Problem : IDisposable
{
    public Problem(nn.Module<Tensor, Tensor> model, Loss loss, Tensor inputs, Tensor targets)
    {
        Risk = new EmpiricalRisk(model, loss, inputs, targets);
    }

    public EmpiricalRisk Risk { get; }

    public void Dispose()
    {
        Risk.Model.Dispose();
        Risk.Inputs.Dispose();
        Risk.Targets.Dispose();
    }

    /// <summary>A model in float64 and evaluation mode, with fixed parameters of moderate size.</summary>
    public static nn.Module<Tensor, Tensor> Prepared(nn.Module<Tensor, Tensor> model, Numbers numbers)
    {
        model.to(ScalarType.Float64);
        model.eval();
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        foreach (var parameter in model.parameters()) parameter.copy_(numbers.Normal(parameter.shape).Times(0.6));

        // Running means around 0 and running variances of at least ½.
        foreach (var (name, buffer) in model.named_buffers())
        {
            if (name.EndsWith("running_mean", StringComparison.Ordinal))
                buffer.copy_(numbers.Normal(buffer.shape));
            if (name.EndsWith("running_var", StringComparison.Ordinal))
                buffer.copy_(numbers.Normal(buffer.shape).Squared().Plus(0.5));
        }

        return model;
    }
}
