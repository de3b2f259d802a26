using static TorchSharp.torch;

namespace ActorHutch.Curvature.Losses;

/// <summary>
/// −y log z − (1 − y) log(1 − z) of probabilities z, as PyTorch's <c>BCELoss</c>. Where a sigmoid makes them,
/// <see cref="BinaryCrossEntropyWithLogits"/> keeps more digits.
/// </summary>
/// <remarks>
/// ∂²ℓ/∂z² = y/z² + (1 − y)/(1 − z)² = (z² − 2zy + y)/(z² (1 − z)²). In the second form, and with 10⁻¹² added to z and to 1 − z,
/// PyTorch computes it.
/// </remarks>
/// <param name="reduction">How the numbers' losses are combined.</param>
public sealed class BinaryCrossEntropy(Reduction reduction = Reduction.Mean) : ElementwiseLoss(reduction, "a binary cross-entropy")
{
    private const double Epsilon = 1e-12;

    /// <inheritdoc/>
    public override (Tensor Wrong, string Right)? Mistakes(IReadOnlyList<long> outputShape, Tensor target) =>
        BinaryCrossEntropyWithLogits.NoProbabilities(target);

    private protected override Tensor Reduced(Tensor output, Tensor target, nn.Reduction native)
    {
        CheckProbabilities(output);
        return nn.functional.binary_cross_entropy(output, target, reduction: native);
    }

    private protected override Tensor SecondDerivative(Tensor output, Tensor target)
    {
        var numerator = (output.Squared() - (output * target).Times(2)).Plus(target);
        return numerator / (output.Plus(Epsilon).Squared() * output.neg().Plus(1 + Epsilon).Squared());
    }

    /// <summary>Others end a CUDA context.</summary>
    private static void CheckProbabilities(Tensor output)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using TorchSharp.Scalar none = 0;
        using TorchSharp.Scalar all = 1;
        long wrong = output.ge(none).logical_and(output.le(all)).logical_not().count_nonzero().item<long>();
        if (wrong == 0) return;
        throw new CurvatureException(
            $"{wrong:N0} of the {output.numel():N0} numbers of the model's output are no probabilities from 0 to 1, which the loss "
            + "bce-of-probabilities takes. For unnormalised scores, without a sigmoid, there is BinaryCrossEntropyWithLogits.");
    }
}
