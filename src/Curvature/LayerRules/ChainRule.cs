using static TorchSharp.torch;

namespace ActorHutch.Curvature.LayerRules;

/// <summary>Layers one after another.</summary>
internal sealed class ChainRule(IReadOnlyList<LayerRule> layers) : LayerRule
{
    /// <inheritdoc/>
    internal override IEnumerable<LayerRule> Leaves => layers.SelectMany(layer => layer.Leaves);

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor input) => layers.Aggregate(input, (value, layer) => layer.Run(value));

    /// <inheritdoc/>
    public override Lanes? Tangent(Lanes? input, Sweep sweep)
    {
        var current = input;
        foreach (var layer in layers)
        {
            var next = layer.Tangent(current, sweep);

            // What is between two layers is needed no more: give its memory back while it is still in the cache.
            bool isOurs = current is not null && !ReferenceEquals(current.Value.Data, input?.Data);
            if (isOurs && !ReferenceEquals(current!.Value.Data, next?.Data)) current.Value.Data.Dispose();
            current = next;
        }

        return current;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach (var layer in layers) layer.Dispose();
        base.Dispose(disposing);
    }
}
