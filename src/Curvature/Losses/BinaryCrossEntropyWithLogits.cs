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
        var converted = target.to(output.dtype);
        return OfSaturated(output, converted) ?? nn.functional.binary_cross_entropy_with_logits(
            output, converted, reduction: Reduction == Reduction.Mean ? nn.Reduction.Mean : nn.Reduction.Sum);
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

    /// <summary>
    /// log(1 + exp(−|z|)) + ([z > 0] − y) z, in whose derivatives nothing cancels, where σ(z) is nearly 0 or 1; null where
    /// libtorch's formula serves every number.
    /// </summary>
    private Tensor? OfSaturated(Tensor output, Tensor target)
    {
        if (!output.shape.SequenceEqual(target.shape)) return null;
        using var scope = NewDisposeScope();
        Tensor isSaturated, slope;
        using (no_grad())
        {
            using TorchSharp.Scalar zero = 0;
            using TorchSharp.Scalar most = Saturation.Of(output.dtype);
            isSaturated = output.abs().neg().exp().lt(most);
            if (!isSaturated.any().item<bool>()) return null;
            slope = output.gt(zero).to(output.dtype) - target;
        }

        var each = where(
            isSaturated,
            output.abs().neg().exp().log1p().Plus(slope * output),
            nn.functional.binary_cross_entropy_with_logits(output, target, reduction: nn.Reduction.None));
        return (Reduction == Reduction.Mean ? each.mean() : each.sum()).MoveToOuterDisposeScope();
    }
}
