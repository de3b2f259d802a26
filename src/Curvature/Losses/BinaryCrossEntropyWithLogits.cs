using static TorchSharp.torch;

namespace ActorHutch.Curvature.Losses;

/// <summary>
/// −p y log σ(z) − (1 − y) log(1 − σ(z)), p the weight of positive targets, as PyTorch's <c>BCEWithLogitsLoss</c>.
/// </summary>
/// <remarks>∂²ℓ/∂z² = (1 + (p − 1) y) σ(z) (1 − σ(z)).</remarks>
/// <param name="reduction">How the numbers' losses are combined.</param>
/// <param name="posWeight">p: one number, or one for each class; null for 1.</param>
/// <param name="classDimension">The output's dimension that p's numbers belong to, counted from the end where it is negative.</param>
public sealed class BinaryCrossEntropyWithLogits(
    Reduction reduction = Reduction.Mean, IReadOnlyList<double>? posWeight = null, long classDimension = 1)
    : ElementwiseLoss(reduction, "a binary cross-entropy")
{
    /// <inheritdoc/>
    public override string? Misfit(Tensor output, Tensor target)
    {
        if (base.Misfit(output, target) is { } misfit) return misfit;
        if (posWeight is not { Count: > 1 }) return null;
        if (ClassDimension.Of(classDimension, output.dim()) is not { } place) return ClassDimension.Missing(classDimension, output);
        return output.shape[place] == posWeight.Count
            ? null
            : $"{Both(output, target)}; there are weights of {posWeight.Count} classes' positive targets, and dimension {place} of the "
                + $"output has {output.shape[place]} (posWeight, classDimension)";
    }

    /// <inheritdoc/>
    public override (Tensor Wrong, string Right)? Mistakes(IReadOnlyList<long> outputShape, Tensor target) => NoProbabilities(target);

    /// <summary>Which targets are none of a binary cross-entropy.</summary>
    internal static (Tensor Wrong, string Right) NoProbabilities(Tensor target)
    {
        ArgumentNullException.ThrowIfNull(target);
        using var scope = NewDisposeScope();
        using TorchSharp.Scalar none = 0;
        using TorchSharp.Scalar all = 1;
        return (target.lt(none).logical_or(target.gt(all)).MoveToOuterDisposeScope(),
            "must be probabilities from 0 to 1; targets of −1 and 1 become (y + 1) / 2");
    }

    private protected override Tensor Reduced(Tensor output, Tensor target, nn.Reduction native) =>
        OfSaturated(output, target, native) ?? OfLibTorch(output, target, native);

    private protected override Tensor SecondDerivative(Tensor output, Tensor target)
    {
        var second = output.sigmoid() * output.neg().sigmoid();
        return Positive(output) is { } positive ? second * Level(positive, target) : second;
    }

    private Tensor OfLibTorch(Tensor output, Tensor target, nn.Reduction native)
    {
        using var positive = Positive(output);
        return nn.functional.binary_cross_entropy_with_logits(output, target, reduction: native, pos_weights: positive);
    }

    /// <summary>
    /// (1 + (p − 1) y) log(1 + exp(−|z|)) + s z, with s = 1 − y above 0 and −p y below, in whose derivatives nothing cancels, where
    /// σ(z) is nearly 0 or 1; null where libtorch's formula serves every number.
    /// </summary>
    private Tensor? OfSaturated(Tensor output, Tensor target, nn.Reduction native)
    {
        if (!output.shape.SequenceEqual(target.shape)) return null;
        using var scope = NewDisposeScope();
        Tensor isSaturated, slope;
        Tensor? level = null;
        using (no_grad())
        {
            using TorchSharp.Scalar zero = 0;
            using TorchSharp.Scalar most = Saturation.Of(output.dtype);
            isSaturated = output.abs().neg().exp().lt(most);
            if (!isSaturated.any().item<bool>()) return null;
            slope = output.gt(zero).to(output.dtype) - target;
            if (Positive(output) is { } positive)
            {
                slope = where(output.gt(zero), slope, target.neg() * positive);
                level = Level(positive, target);
            }
        }

        var rest = output.abs().neg().exp().log1p();
        var each = where(
            isSaturated,
            (level is null ? rest : rest * level).Plus(slope * output),
            OfLibTorch(output, target, nn.Reduction.None));
        return (native == nn.Reduction.Mean ? each.mean() : each.sum()).MoveToOuterDisposeScope();
    }

    /// <summary>1 + (p − 1) y.</summary>
    private static Tensor Level(Tensor positive, Tensor target) => (positive.Plus(-1) * target).Plus(1);

    /// <summary>p, of a shape that goes with the output; null for 1.</summary>
    private Tensor? Positive(Tensor output)
    {
        if (posWeight is null) return null;
        using var scope = NewDisposeScope();
        var numbers = tensor([.. posWeight], ScalarType.Float64).to(output.dtype, output.device);
        if (posWeight.Count == 1) return numbers.MoveToOuterDisposeScope();
        long[] shape = [.. output.shape.Select(_ => 1L)];
        shape[ClassDimension.Of(classDimension, output.dim())!.Value] = posWeight.Count;
        return numbers.view(shape).MoveToOuterDisposeScope();
    }
}
