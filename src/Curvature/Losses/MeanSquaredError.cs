using static TorchSharp.torch;

namespace ActorHutch.Curvature.Losses;

/// <summary>(z − y)², as PyTorch's <c>MSELoss</c>.</summary>
/// <remarks>∂²ℓ/∂z² = 2.</remarks>
/// <param name="reduction">How the numbers' losses are combined.</param>
public sealed class MeanSquaredError(Reduction reduction = Reduction.Mean) : ElementwiseLoss(reduction, "a squared error")
{
    private protected override Tensor Reduced(Tensor output, Tensor target, nn.Reduction native) =>
        nn.functional.mse_loss(output, target, native);

    private protected override Tensor SecondDerivative(Tensor output, Tensor target) => ones_like(output).Times(2);
}
