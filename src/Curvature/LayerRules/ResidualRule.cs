using static TorchSharp.torch;

namespace ActorHutch.Curvature.LayerRules;

/// <summary>A sum of branches: the tangents of the branches add up, and so do their second-order terms.</summary>
internal sealed class ResidualRule(IReadOnlyList<LayerRule> branches) : LayerRule
{
    /// <inheritdoc/>
    internal override IEnumerable<LayerRule> Leaves => branches.SelectMany(branch => branch.Leaves);

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor input)
    {
        Tensor[] outputs = [.. branches.Select(branch => branch.Run(input))];
        return outputs.All(output => output.shape.SequenceEqual(outputs[0].shape))
            ? outputs.Aggregate((sum, branch) => sum.Plus(branch))
            : throw Unserved("adds branches of different shapes, one of them broadcast");
    }

    /// <inheritdoc/>
    public override Lanes? Tangent(Lanes? input, Sweep sweep)
    {
        Lanes? sum = null;
        foreach (var branch in branches)
        {
            if (branch.Tangent(input, sweep) is not { } tangent) continue;
            sum = sum is { } others
                ? others with { Data = others.Data.Plus(tangent.To(others.Layout, OutputShape).Data) }
                : tangent;
        }

        return sum;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach (var branch in branches) branch.Dispose();
        base.Dispose(disposing);
    }
}
