using static TorchSharp.torch;

namespace ActorHutch.Curvature.Losses;

/// <summary>y (log y − z) of log-probabilities z and probabilities y, as PyTorch's <c>KLDivLoss</c>; 0 log 0 is 0.</summary>
/// <remarks>It is linear in z: ∂ℓ/∂z = −y, ∂²ℓ/∂z² = 0.</remarks>
/// <param name="reduction">
/// How the numbers' losses are combined. The divergence of a sample's distributions is <see cref="Reduction.BatchMean"/>; the mean
/// divides by the classes, too.
/// </param>
/// <param name="logTarget">Whether targets are log y.</param>
public sealed class KullbackLeiblerDivergence(Reduction reduction = Reduction.Mean, bool logTarget = false)
    : ElementwiseLoss(reduction, "a KL divergence")
{
    /// <summary>As far as a probability that was rounded may be above 1.</summary>
    private const double Rounded = 1e-4;

    /// <inheritdoc/>
    public override (Tensor Wrong, string Right)? Mistakes(IReadOnlyList<long> outputShape, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(target);
        using var scope = NewDisposeScope();
        using TorchSharp.Scalar none = 0;
        using TorchSharp.Scalar most = logTarget ? Rounded : 1 + Rounded;
        return logTarget
            ? (target.gt(most).MoveToOuterDisposeScope(), "must be logarithms of probabilities, which are not above 0 (logTarget)")
            : (target.lt(none).logical_or(target.gt(most)).MoveToOuterDisposeScope(),
                "must be probabilities from 0 to 1; their logarithms need logTarget");
    }

    private protected override Tensor Reduced(Tensor output, Tensor target, nn.Reduction native)
    {
        // Asked for the mean, libtorch warns at each call that a later release may mean another one.
        var sum = nn.functional.kl_div(output, target, log_target: logTarget, reduction: nn.Reduction.Sum);
        return native == nn.Reduction.Mean ? sum.Times(1.0 / output.numel()) : sum;
    }

    private protected override Tensor SecondDerivative(Tensor output, Tensor target) => zeros_like(output);
}
