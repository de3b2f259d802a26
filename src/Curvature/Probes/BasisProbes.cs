using static TorchSharp.torch;

namespace ActorHutch.Curvature.Probes;

/// <summary>The basis vectors of parameter space: probe i is eᵢ, with the parameters in the model's order.</summary>
/// <param name="blocks">All trainable parameters.</param>
public sealed class BasisProbes(IReadOnlyList<ParameterBlock> blocks) : IProbeSource
{
    private readonly long[] _offsets = Offsets(blocks);

    /// <summary>How many there are.</summary>
    public long Count => _offsets[^1];

    /// <inheritdoc/>
    public Tensor? Draw(ParameterBlock block, long firstProbe, int count)
    {
        ArgumentNullException.ThrowIfNull(block);
        long low = Math.Max(firstProbe, _offsets[block.Index]);
        long high = Math.Min(firstProbe + count, _offsets[block.Index + 1]);
        if (low >= high) return null;

        using var flat = zeros([count, block.Size], block.Parameter.dtype, block.Parameter.device);
        using var diagonal = flat
            .narrow(0, low - firstProbe, high - low)
            .narrow(1, low - _offsets[block.Index], high - low)
            .diagonal();
        diagonal.FillWithOnes();
        return flat.view([count, .. block.Shape]);
    }

    private static long[] Offsets(IReadOnlyList<ParameterBlock> blocks)
    {
        var offsets = new long[blocks.Count + 1];
        for (int i = 0; i < blocks.Count; i++) offsets[i + 1] = offsets[i] + blocks[i].Size;
        return offsets;
    }
}
