using static TorchSharp.torch;

namespace ActorHutch.Curvature.LayerRules;

/// <summary>A layer that passes its input on: Identity, and dropout in evaluation mode.</summary>
internal sealed class IdentityRule(nn.Module module, double dropped = 0) : LayerRule
{
    /// <inheritdoc/>
    protected override Tensor Forward(Tensor input) => module.training && dropped > 0
        ? throw new CurvatureException(
            $"Layer {Path} ({module.GetType().Name}) is in training mode and drops at random: call model.eval() first.")
        : input;

    /// <inheritdoc/>
    public override Lanes? Tangent(Lanes? input, Sweep sweep) => input;
}
