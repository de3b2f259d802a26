using static TorchSharp.torch;

namespace ActorHutch.Curvature.Losses;

/// <summary>Cross-entropy of log-probabilities, reduced as libtorch's <c>cross_entropy</c> reduces it.</summary>
/// <param name="Reduction">Mean or sum.</param>
/// <param name="ClassWeights"><c>[C]</c>; null for ones.</param>
/// <param name="LabelSmoothing">From 0 to 1.</param>
/// <param name="IgnoreIndex">Positions with this class number count for nothing.</param>
internal sealed record NegativeLogLikelihood(
    Reduction Reduction, Tensor? ClassWeights, double LabelSmoothing, long IgnoreIndex)
{
    /// <summary>The loss, a scalar tensor.</summary>
    /// <param name="logs">log p, <c>[N, C, …]</c>.</param>
    /// <param name="target">Class numbers <c>[N, …]</c> (int64), or probabilities <c>[N, C, …]</c>.</param>
    public Tensor Of(Tensor logs, Tensor target)
    {
        using var scope = NewDisposeScope();
        var loss = target.dtype == ScalarType.Int64 ? OfClasses(logs, target) : OfProbabilities(logs, target);
        return loss.MoveToOuterDisposeScope();
    }

    private Tensor OfClasses(Tensor logs, Tensor target)
    {
        using TorchSharp.Scalar ignored = IgnoreIndex;
        var isCounted = target.ne(ignored);
        var classes = target * isCounted;
        var counted = isCounted.to(logs.dtype);
        var own = ClassWeights is null
            ? counted
            : ClassWeights.index_select(0, classes.flatten()).view(target.shape) * counted;
        var sum = (logs.gather(1, classes.unsqueeze(1)).squeeze(1) * own).sum().neg();
        if (LabelSmoothing > 0)
        {
            var even = (Weighted(logs).sum(1) * counted).sum().neg();
            sum = sum.Times(1 - LabelSmoothing).Plus(even.Times(LabelSmoothing / logs.shape[1]));
        }

        return Reduction == Reduction.Mean ? sum / own.sum() : sum;
    }

    private Tensor OfProbabilities(Tensor logs, Tensor target)
    {
        long classes = logs.shape[1];
        var smoothed = LabelSmoothing == 0
            ? target
            : target.Times(1 - LabelSmoothing).Plus(LabelSmoothing / classes);
        var sum = (Weighted(logs) * smoothed).sum().neg();
        return Reduction == Reduction.Mean ? sum.Times((double)classes / logs.numel()) : sum;
    }

    /// <summary>Each class times its weight.</summary>
    private Tensor Weighted(Tensor logs) =>
        ClassWeights is null ? logs : logs * ClassWeights.view([1, -1, .. logs.shape[2..].Select(_ => 1L)]);
}
