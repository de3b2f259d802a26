using static TorchSharp.torch;

namespace ActorHutch.Curvature.Losses;

/// <summary>
/// −y log σ(z) − (1 − y) log(1 − σ(z)), averaged over all numbers of the output or summed, as PyTorch's
/// <c>BCEWithLogitsLoss</c>.
/// </summary>
/// <remarks>∂²ℓ/∂z² is σ(z) (1 − σ(z)), divided by the number of outputs for the mean.</remarks>
/// <param name="reduction">Mean (the default) or sum.</param>
public sealed class BinaryCrossEntropyWithLogits(Reduction reduction = Reduction.Mean) : Loss(reduction)
{
    /// <inheritdoc/>
    public override Tensor Value(Tensor output, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(target);
        // libtorch rounds the loss to the targets' type.
        return nn.functional.binary_cross_entropy_with_logits(
            output, target.to(output.dtype), reduction: Reduction == Reduction.Mean ? nn.Reduction.Mean : nn.Reduction.Sum);
    }

    /// <inheritdoc/>
    public override string? Misfit(Tensor output, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(target);
        return output.shape.SequenceEqual(target.shape) && target.is_floating_point()
            ? null
            : $"{Both(output, target)}; for a binary cross-entropy the targets must be real numbers in the output's shape";
    }

    /// <inheritdoc/>
    public override double Weight(Tensor target)
    {
        ArgumentNullException.ThrowIfNull(target);
        return target.numel();
    }

    /// <inheritdoc/>
    public override (Tensor Wrong, string Right)? Mistakes(IReadOnlyList<long> outputShape, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(target);
        using var scope = NewDisposeScope();
        using TorchSharp.Scalar none = 0;
        using TorchSharp.Scalar all = 1;
        return (target.lt(none).logical_or(target.gt(all)).MoveToOuterDisposeScope(),
            "must be probabilities from 0 to 1; targets of −1 and 1 become (y + 1) / 2");
    }

    /// <inheritdoc/>
    public override LossCurvature Linearize(Tensor output, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(output);
        using var scope = NewDisposeScope();
        var second = output.sigmoid() * output.neg().sigmoid();
        return new DiagonalLossCurvature(Reduction == Reduction.Mean ? second.Times(1.0 / output.numel()) : second);
    }
}
