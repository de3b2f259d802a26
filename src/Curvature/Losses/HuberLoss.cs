using static TorchSharp.torch;

namespace ActorHutch.Curvature.Losses;

/// <summary>(z − y)²/2 where |z − y| ≤ δ, else δ (|z − y| − δ/2), as PyTorch's <c>HuberLoss</c>.</summary>
/// <remarks>∂²ℓ/∂z² = 1 where |z − y| &lt; δ, else 0; at δ itself 0, as PyTorch's derivatives have it.</remarks>
public sealed class HuberLoss : ElementwiseLoss
{
    private readonly double _delta;

    /// <summary>With a δ.</summary>
    /// <param name="reduction">How the numbers' losses are combined.</param>
    /// <param name="delta">δ, above 0.</param>
    public HuberLoss(Reduction reduction = Reduction.Mean, double delta = 1) : base(reduction, "a Huber loss")
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(delta);
        _delta = delta;
    }

    private protected override Tensor Reduced(Tensor output, Tensor target, nn.Reduction native) =>
        nn.functional.huber_loss(output, target, _delta, native);

    private protected override Tensor SecondDerivative(Tensor output, Tensor target) =>
        SmoothAbsoluteError.IsWithin(output, target, _delta);
}
