using static TorchSharp.torch;

namespace ActorHutch.Curvature.Losses;

/// <summary>
/// A loss that compares each number of the output with the target in its place: the mean of all of them, their sum, or
/// the samples' mean of it. Its curvature is diagonal.
/// </summary>
/// <param name="reduction">How the numbers' losses are combined.</param>
/// <param name="called">What messages call it: <c>a squared error</c>.</param>
public abstract class ElementwiseLoss(Reduction reduction, string called) : Loss(reduction)
{
    /// <inheritdoc/>
    public sealed override Tensor Value(Tensor output, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(target);
        // libtorch rounds the loss to the targets' type.
        return Averaged(Reduced(output, target.to(output.dtype), Native), output);
    }

    /// <inheritdoc/>
    public override string? Misfit(Tensor output, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(target);
        // libtorch would broadcast, which is never meant.
        return output.shape.SequenceEqual(target.shape) && target.is_floating_point()
            ? null
            : $"{Both(output, target)}; for {called} the targets must be real numbers in the output's shape";
    }

    /// <inheritdoc/>
    public override double Weight(Tensor target)
    {
        ArgumentNullException.ThrowIfNull(target);
        return target.numel();
    }

    /// <inheritdoc/>
    public sealed override LossCurvature Linearize(Tensor output, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(target);
        using var scope = NewDisposeScope();
        var second = SecondDerivative(output, target.to(output.dtype));
        return new DiagonalLossCurvature(Reduction switch
        {
            Reduction.Mean => second.Times(1.0 / output.numel()),
            Reduction.Sum => second,
            _ => second.Times(1.0 / output.shape[0]),
        });
    }

    /// <summary>The loss, a scalar tensor.</summary>
    /// <param name="output">z, <c>[N, …]</c>.</param>
    /// <param name="target">y, in the same shape and type.</param>
    /// <param name="native">Mean or sum over all numbers.</param>
    private protected abstract Tensor Reduced(Tensor output, Tensor target, nn.Reduction native);

    /// <summary>∂²ℓ/∂z² of each number, in the output's shape; for use inside the current scope.</summary>
    private protected abstract Tensor SecondDerivative(Tensor output, Tensor target);
}
