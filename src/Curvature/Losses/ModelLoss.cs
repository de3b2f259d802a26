using static TorchSharp.torch;

namespace ActorHutch.Curvature.Losses;

/// <summary>The loss of a model that computes its own from inputs and targets: its output is the loss.</summary>
/// <remarks>
/// An output <c>[N]</c> is a loss for each sample, and is reduced. A single number is taken as it is: what the samples have to do
/// with it only the model knows, so that it has no micro-batches.
/// </remarks>
/// <param name="reduction">Mean (the default) or sum, of losses by sample.</param>
public sealed class ModelLoss(Reduction reduction = Reduction.Mean) : Loss(reduction)
{
    /// <summary>What files and reports call it.</summary>
    public const string Word = "model";

    /// <inheritdoc/>
    public override Tensor Value(Tensor output, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (output.dim() == 0) return output.alias();
        return Reduction == Reduction.Sum ? output.sum() : output.mean();
    }

    /// <inheritdoc/>
    public override string? Misfit(Tensor output, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(target);
        return output.dim() == 0 || output.dim() == 1 && output.shape[0] == target.shape[0]
            ? null
            : $"{Both(output, target)}; a model that computes its own loss returns one number, or one for each sample";
    }

    /// <inheritdoc/>
    public override LossCurvature Linearize(Tensor output, Tensor target) => new NoLossCurvature();
}
