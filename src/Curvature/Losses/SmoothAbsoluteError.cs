using static TorchSharp.torch;

namespace ActorHutch.Curvature.Losses;

/// <summary>(z − y)²/(2β) where |z − y| &lt; β, else |z − y| − β/2, as PyTorch's <c>SmoothL1Loss</c>.</summary>
/// <remarks>∂²ℓ/∂z² = 1/β where |z − y| &lt; β, else 0; at β itself 0, as PyTorch's derivatives have it.</remarks>
public sealed class SmoothAbsoluteError : ElementwiseLoss
{
    private readonly double _beta;

    /// <summary>With a β.</summary>
    /// <param name="reduction">How the numbers' losses are combined.</param>
    /// <param name="beta">β, above 0. With 0 it is <see cref="AbsoluteError"/>.</param>
    public SmoothAbsoluteError(Reduction reduction = Reduction.Mean, double beta = 1) : base(reduction, "a smooth absolute error")
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(beta);
        _beta = beta;
    }

    private protected override Tensor Reduced(Tensor output, Tensor target, nn.Reduction native) =>
        nn.functional.smooth_l1_loss(output, target, native, _beta);

    private protected override Tensor SecondDerivative(Tensor output, Tensor target) =>
        IsWithin(output, target, _beta).Times(1 / _beta);

    /// <summary>1 where |z − y| is less than a bound, else 0.</summary>
    internal static Tensor IsWithin(Tensor output, Tensor target, double bound)
    {
        using TorchSharp.Scalar limit = bound;
        return (output - target).abs().lt(limit).to(output.dtype);
    }
}
