using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operators;

/// <summary>Values that each parameter has for itself, side by side.</summary>
internal static class ParameterEntries
{
    /// <summary>The shapes of the values: the parameters' and, of a diagonal, one value a block and one in all.</summary>
    public static IReadOnlyList<long[]> Shapes(EmpiricalRisk risk, ProbeResult result) => result switch
    {
        ProbeResult.QuadraticForm => [],
        ProbeResult.Product => [.. risk.Blocks.Select(block => block.Shape)],
        _ => [.. risk.Blocks.Select(block => block.Shape), [risk.Blocks.Count], []],
    };

    /// <summary>Each block's values, one after another, <c>[count, columns]</c>.</summary>
    /// <param name="blocks"><c>[count, *block.Shape]</c>.</param>
    /// <param name="withSums">Whether their sums follow, in float64.</param>
    public static Tensor Of(IReadOnlyList<Tensor> blocks, bool withSums)
    {
        Tensor[] flat = [.. blocks.Select(block => block.reshape([block.shape[0], -1]))];
        if (!withSums) return cat(flat, 1);
        var sums = stack(flat.Select(block => block.sum(1, type: ScalarType.Float64)), 1);
        return cat([.. flat.Select(block => block.to(ScalarType.Float64)), sums, sums.sum(1, keepdim: true)], 1);
    }
}
