using static TorchSharp.torch;

namespace ActorHutch.Curvature.Losses;

/// <summary>How the samples' losses are combined.</summary>
public enum Reduction
{
    /// <summary>Their mean, as PyTorch's <c>reduction="mean"</c> weighs it.</summary>
    Mean,

    /// <summary>Their sum.</summary>
    Sum,

    /// <summary>
    /// The mean over the samples of the sum over a sample's numbers or positions: PyTorch's <c>batchmean</c>, which it has for the
    /// KL divergence alone.
    /// </summary>
    BatchMean,
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

    /// <summary>
    /// How much of a batch counts: what <see cref="Reduction.Mean"/> divides by; 0 where nothing does. Default: its samples.
    /// </summary>
    /// <param name="target">y, <c>[N, …]</c>.</param>
    public virtual double Weight(Tensor target)
    {
        ArgumentNullException.ThrowIfNull(target);
        return target.shape[0];
    }

    /// <summary>What the reduced loss of a batch is divided by: what the batch weighs among others.</summary>
    /// <param name="target">y, <c>[N, …]</c>.</param>
    public double Divisor(Tensor target)
    {
        ArgumentNullException.ThrowIfNull(target);
        return Reduction switch { Reduction.Mean => Weight(target), Reduction.Sum => 1, _ => target.shape[0] };
    }

    /// <summary>
    /// Why this loss cannot compare an output with targets of their types and shapes; null where it can. It is asked
    /// before anything else that is given these targets.
    /// </summary>
    /// <param name="output">z; its numbers are not looked at.</param>
    /// <param name="target">y; nor are these.</param>
    /// <returns>What both are and what would be right, as a sentence without its end; null where they fit.</returns>
    public virtual string? Misfit(Tensor output, Tensor target) => null;

    /// <summary>Which targets this loss has no meaning for.</summary>
    /// <param name="outputShape">The output's shape, <c>[N, …]</c>; N may be another one.</param>
    /// <param name="target">y, <c>[N, …]</c>, which <see cref="Misfit"/> has nothing against.</param>
    /// <returns>
    /// Where they are wrong, a Boolean tensor of the targets' shape, and what would be right, as the end of a sentence;
    /// null where nothing is known to be wrong.
    /// </returns>
    public virtual (Tensor Wrong, string Right)? Mistakes(IReadOnlyList<long> outputShape, Tensor target) => null;

    /// <summary>∇²ℓ at an output, for the methods that need it; null where only <see cref="Value"/> is known.</summary>
    /// <param name="output">z, <c>[N, …]</c>, not recorded.</param>
    /// <param name="target">y, <c>[N, …]</c>.</param>
    public virtual LossCurvature? Linearize(Tensor output, Tensor target) => null;

    /// <summary>How libtorch is to reduce: what <see cref="Averaged"/> then divides.</summary>
    private protected nn.Reduction Native => Reduction == Reduction.Mean ? nn.Reduction.Mean : nn.Reduction.Sum;

    /// <summary>A sum divided by the samples, where that is the reduction; else what it is given.</summary>
    private protected Tensor Averaged(Tensor reduced, Tensor output) =>
        Reduction == Reduction.BatchMean ? reduced.Times(1.0 / output.shape[0]) : reduced;

    /// <summary>A misfit's first half: what an output and targets are.</summary>
    private protected static string Both(Tensor output, Tensor target) =>
        $"the model's output is {TensorText.Describe(output)} and the targets are {TensorText.Describe(target)}";
}
