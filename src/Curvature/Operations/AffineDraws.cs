using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Sweeps;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operations;

/// <summary>Output-space draws of the scale γ and shift β of y = γ ∘ x̂ + β: γ's tangent is s ∘ x̂, β's is s.</summary>
internal static class AffineDraws
{
    /// <summary>The draws of one operation.</summary>
    /// <param name="scale">γ, if it is a parameter whose curvature is asked for.</param>
    /// <param name="shift">β, likewise.</param>
    /// <param name="normalized">x̂, <c>[N, …]</c>.</param>
    /// <param name="affine">From γ's shape to what broadcasts with x̂.</param>
    public static IEnumerable<OutputDraw> Of(
        Tensor? scale, Tensor? shift, SharedTensor normalized, Func<long[], long[]> affine)
    {
        if (scale is null && shift is null) yield break;
        var x = normalized.Value;
        long samples = x.shape[0];
        if (scale is not null)
            yield return new OutputDraw([scale], (int)scale.numel(), null, signs => Spread(signs, scale.shape) * x) { IsEachAlone = true };
        if (shift is not null)
        {
            yield return new OutputDraw(
                [shift], (int)shift.numel(), null, signs => Spread(signs, shift.shape).expand([signs.shape[0], .. x.shape]))
            {
                IsEachAlone = true,
            };
        }

        // From [P, J, N] to [P, N, …].
        Tensor Spread(Tensor signs, long[] shape)
        {
            long[] own = affine(shape);
            // [1, C, 1, …] counts the samples' dimension; γ's own dimensions alone are the last ones.
            own = own.Length == x.dim() ? own[1..] : [.. Enumerable.Repeat(1L, (int)x.dim() - 1 - own.Length), .. own];
            return signs.transpose(1, 2).reshape([signs.shape[0], samples, .. own]);
        }
    }
}
