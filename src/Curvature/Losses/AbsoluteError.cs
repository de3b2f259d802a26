using static TorchSharp.torch;

namespace ActorHutch.Curvature.Losses;

/// <summary>|z − y|, as PyTorch's <c>L1Loss</c>.</summary>
/// <remarks>As PyTorch's derivatives have it, ∂ℓ/∂z = sign(z − y), which is 0 at the kink, and ∂²ℓ/∂z² = 0 everywhere.</remarks>
/// <param name="reduction">How the numbers' losses are combined.</param>
public sealed class AbsoluteError(Reduction reduction = Reduction.Mean) : ElementwiseLoss(reduction, "an absolute error")
{
    private protected override Tensor Reduced(Tensor output, Tensor target, nn.Reduction native) =>
        nn.functional.l1_loss(output, target, native);

    private protected override Tensor SecondDerivative(Tensor output, Tensor target) => zeros_like(output);
}
