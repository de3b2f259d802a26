using static TorchSharp.torch;

namespace ActorHutch.Curvature.Losses;

/// <summary>How the samples' losses are combined.</summary>
public enum Reduction
{
    /// <summary>Their mean, as PyTorch's <c>reduction="mean"</c> weighs it.</summary>
    Mean,

    /// <summary>Their sum.</summary>
    Sum,
}

/// <summary>A loss ℓ(z, y) of the model's output z, with what curvature needs of it.</summary>
public abstract class Loss
{
    /// <summary>A loss with a reduction.</summary>
    protected Loss(Reduction reduction) => Reduction = reduction;

    /// <summary>How the samples' losses are combined.</summary>
    public Reduction Reduction { get; }

    /// <summary>The reduced loss, a scalar tensor that can be differentiated.</summary>
    /// <param name="output">The model's output z, <c>[N, …]</c>.</param>
    /// <param name="target">The targets y, <c>[N, …]</c>.</param>
    public abstract Tensor Value(Tensor output, Tensor target);

    /// <summary>∇²ℓ at an output, for the methods that need it; null where only <see cref="Value"/> is known.</summary>
    /// <param name="output">z, <c>[N, …]</c>, not recorded.</param>
    /// <param name="target">y, <c>[N, …]</c>.</param>
    public virtual LossCurvature? Linearize(Tensor output, Tensor target) => null;
}
