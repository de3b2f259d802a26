using static TorchSharp.torch;

namespace ActorHutch.Curvature.Losses;

/// <summary>Cross-entropy of log-probabilities, reduced as libtorch's <c>cross_entropy</c> reduces it.</summary>
/// <param name="IsMean">Whether it is the mean, weighted by the classes' weights, or the sum.</param>
/// <param name="ClassWeights"><c>[C]</c>; null for ones.</param>
/// <param name="LabelSmoothing">From 0 to 1.</param>
/// <param name="IgnoreIndex">Positions with this class number count for nothing.</param>
internal sealed record ReducedLikelihood(bool IsMean, Tensor? ClassWeights, double LabelSmoothing, long IgnoreIndex)
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
        using TorchSharp.Scalar zero = 0;
        var isIgnored = target.eq(ignored);
        var classes = target * isIgnored.logical_not();
        var counted = isIgnored.logical_not().to(logs.dtype);
        var own = ClassWeights is null
            ? counted
            : ClassWeights.index_select(0, classes.flatten()).view(target.shape) * counted;
        // Filled, since an ignored position's class 0 may be impossible: 0 times an infinity is no number.
        var sum = (logs.gather(1, classes.unsqueeze(1)).squeeze(1).masked_fill(isIgnored, zero) * own).sum().neg();
        if (LabelSmoothing > 0)
        {
            var even = Weighted(logs).sum(1).masked_fill(isIgnored, zero).sum().neg();
            sum = sum.Times(1 - LabelSmoothing).Plus(even.Times(LabelSmoothing / logs.shape[1]));
        }

        return IsMean ? sum / own.sum() : sum;
    }

    private Tensor OfProbabilities(Tensor logs, Tensor target)
    {
        long classes = logs.shape[1];
        var sum = (Weighted(logs) * Smoothed(target, LabelSmoothing, classes)).sum().neg();
        return IsMean ? sum.Times((double)classes / logs.numel()) : sum;
    }

    /// <summary>Probabilities of which a part is spread evenly over the classes.</summary>
    public static Tensor Smoothed(Tensor target, double smoothing, long classes) =>
        smoothing == 0 ? target : target.Times(1 - smoothing).Plus(smoothing / classes);

    /// <summary>Each class times its weight.</summary>
    private Tensor Weighted(Tensor logs) =>
        ClassWeights is null ? logs : logs * ClassWeights.view([1, -1, .. logs.shape[2..].Select(_ => 1L)]);
}
