using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.LayerRules;

/// <summary>The same numbers in another shape.</summary>
internal sealed class FlattenRule(Flatten module) : LayerRule
{
    /// <inheritdoc/>
    protected override Tensor Forward(Tensor input) => module.call(input);

    /// <inheritdoc/>
    public override Lanes? Tangent(Lanes? input, Sweep sweep)
    {
        if (input is not { } lanes) return null;
        if (InputShape.SequenceEqual(OutputShape)) return input;

        var first = lanes.To(LaneLayout.SamplesFirst, InputShape).Data;
        var flat = new Lanes(
            first.reshape([OutputShape[0], sweep.LaneCount, .. OutputShape[1..]]), LaneLayout.SamplesFirst);
        return OutputShape.Length == 2 ? flat.To(LaneLayout.SamplesLast, OutputShape) : flat;
    }
}
