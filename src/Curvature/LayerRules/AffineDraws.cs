using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.LayerRules;

/// <summary>Output-space draws of the scale γ and shift β of y = γ ∘ x̂ + β: γ's tangent is s ∘ x̂, β's is s.</summary>
internal static class AffineDraws
{
    /// <summary>The draws of one layer.</summary>
    /// <param name="scale">γ, if there is one.</param>
    /// <param name="shift">β, if there is one.</param>
    /// <param name="normalized">x̂, shared by all lanes.</param>
    /// <param name="spread">From s, <c>[P, size of γ, N]</c>, to what broadcasts with x̂.</param>
    /// <param name="layout">The layout of both.</param>
    /// <param name="samples">N.</param>
    /// <param name="keep">Keeps a tensor as long as the rule lives.</param>
    public static IEnumerable<OutputDraw> Of(
        Parameter? scale, Parameter? shift, Tensor normalized, Func<Tensor, Tensor> spread, LaneLayout layout,
        long samples, Func<Tensor, Tensor> keep)
    {
        var weights = keep(OutputDraw.EqualWeights(samples, normalized.device));
        if (scale is { requires_grad: true })
        {
            yield return new OutputDraw(
                [scale], (int)scale.numel(), weights, signs => new Lanes(spread(signs) * normalized, layout));
        }

        if (shift is { requires_grad: true })
        {
            yield return new OutputDraw(
                [shift], (int)shift.numel(), weights,
                signs => new Lanes(spread(signs) * ones_like(normalized), layout));
        }
    }
}
