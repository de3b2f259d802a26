using static TorchSharp.torch;

namespace ActorHutch.Curvature.Losses;

/// <summary>(z − y)², averaged over all numbers of the output or summed, as PyTorch's <c>MSELoss</c>.</summary>
/// <remarks>∂²ℓ/∂z² is 2, divided by the number of outputs for the mean.</remarks>
/// <param name="reduction">Mean (the default) or sum.</param>
public sealed class MeanSquaredError(Reduction reduction = Reduction.Mean) : Loss(reduction)
{
    /// <inheritdoc/>
    public override Tensor Value(Tensor output, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(target);
        return nn.functional.mse_loss(
            output, target.to(output.dtype), Reduction == Reduction.Mean ? nn.Reduction.Mean : nn.Reduction.Sum);
    }

    /// <inheritdoc/>
    public override string? Misfit(Tensor output, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(target);
        // libtorch would broadcast, which is never meant.
        return output.shape.SequenceEqual(target.shape) && target.is_floating_point()
            ? null
            : $"{Both(output, target)}; for a squared error the targets must be real numbers in the output's shape";
    }

    /// <inheritdoc/>
    public override double Weight(Tensor target)
    {
        ArgumentNullException.ThrowIfNull(target);
        return target.numel();
    }

    /// <inheritdoc/>
    public override LossCurvature Linearize(Tensor output, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(output);
        using var scope = NewDisposeScope();
        double second = Reduction == Reduction.Mean ? 2.0 / output.numel() : 2.0;
        return new DiagonalLossCurvature(ones_like(output).Times(second));
    }
}
