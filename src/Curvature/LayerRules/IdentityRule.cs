using static TorchSharp.torch;

namespace ActorHutch.Curvature.LayerRules;

/// <summary>A layer that passes its input on: Identity, and dropout in evaluation mode.</summary>
internal sealed class IdentityRule(nn.Module<Tensor, Tensor> module, double dropped = 0) : LayerRule
{
    /// <inheritdoc/>
    protected override Tensor Forward(Tensor input) => module.training && dropped > 0
        ? throw new CurvatureException(
            $"Layer {Path} ({Kind}) is in training mode and drops at random: call model.eval() first.")
        : module.call(input);

    /// <inheritdoc/>
    public override Lanes? Tangent(Lanes? input, Sweep sweep) => input;
}
