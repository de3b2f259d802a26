using static TorchSharp.torch;

namespace ActorHutch.Curvature.Losses;

/// <summary>log softmax(z) whose derivatives keep their digits where a probability is nearly 1.</summary>
/// <remarks>
/// libtorch computes 1 − p as a difference: in single precision, 1 − p = 10⁻⁷ has no digit left. With a the most probable
/// class and r = Σ_{j≠a} exp(z_j − z_a), log p_a = −log(1 + r), log p_k = −log(1 + r) − (z_a − z_k), and 1 − p_a = r/(1 + r)
/// is a quotient of sums of positive numbers, as all derivatives are.
/// </remarks>
internal static class LogProbabilities
{
    /// <summary>log softmax(z) over dimension 1; null where libtorch's own serves every position.</summary>
    /// <remarks>Positions that libtorch's serves are libtorch's, with its derivatives to the last bit.</remarks>
    /// <param name="scores">z, <c>[N, C, …]</c>.</param>
    /// <returns><c>[N, C, …]</c>, which can be differentiated in z any number of times.</returns>
    public static Tensor? Of(Tensor scores)
    {
        using var scope = NewDisposeScope();
        Tensor top, others, isSaturated;
        using (no_grad())
        {
            top = scores.argmax(1, keepdim: true);
            others = ones_like(scores).scatter(1, top, zeros_like(top, dtype: scores.dtype));
            using TorchSharp.Scalar most = Saturation.Of(scores.dtype);
            isSaturated = Rest(Below(scores, top, others), others).lt(most);
            if (!isSaturated.any().item<bool>()) return null;
        }

        var below = Below(scores, top, others);
        var exact = below.neg() - Rest(below, others).log1p();
        return where(isSaturated, exact, scores.log_softmax(1)).MoveToOuterDisposeScope();
    }

    /// <summary>z_a − z_k, <c>[N, C, …]</c>; that of a itself is a constant, whose derivatives would cancel.</summary>
    private static Tensor Below(Tensor scores, Tensor top, Tensor others) => (scores.gather(1, top) - scores) * others;

    /// <summary>r, <c>[N, 1, …]</c>.</summary>
    private static Tensor Rest(Tensor below, Tensor others) => (below.neg().exp() * others).sum(1, keepdim: true);
}
