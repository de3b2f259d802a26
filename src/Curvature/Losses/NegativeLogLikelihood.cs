using static TorchSharp.torch;

namespace ActorHutch.Curvature.Losses;

/// <summary>−w_y z_y of log-probabilities z <c>[N, C, …]</c> with class numbers y <c>[N, …]</c>, as PyTorch's <c>NLLLoss</c>.</summary>
/// <remarks>It is linear in z: ∂ℓ/∂z_y = −w_y, ∇²ℓ = 0.</remarks>
/// <param name="reduction">Mean (the default; weighted by the classes' weights, as PyTorch does), sum, or the samples' mean of it.</param>
/// <param name="classWeights">w, one for each class; null for ones.</param>
/// <param name="ignoreIndex">Positions with this class number count for nothing: the mean is over the others.</param>
/// <param name="classDimension">The output's dimension of the classes, counted from the end where it is negative.</param>
public sealed class NegativeLogLikelihood(
    Reduction reduction = Reduction.Mean, IReadOnlyList<double>? classWeights = null,
    long ignoreIndex = ClassificationLoss.DefaultIgnoreIndex, long classDimension = 1)
    : ClassificationLoss("a negative log-likelihood", reduction, classWeights, ignoreIndex, classDimension)
{
    private protected override Tensor Reduced(Tensor output, Tensor target, Tensor? weights) =>
        new ReducedLikelihood(Reduction == Reduction.Mean, weights, 0, IgnoreIndex).Of(output, target);

    private protected override LossCurvature Linearized(Tensor output, Tensor target, Tensor? weights, long samples, int place) =>
        new NoLossCurvature();
}
