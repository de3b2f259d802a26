using static TorchSharp.torch;

namespace ActorHutch.Curvature.LayerRules;

/// <summary>How the tangents of an activation <c>[N, …]</c> along P probes lie in memory.</summary>
public enum LaneLayout
{
    /// <summary>
    /// <c>[P, C, M]</c>: C is the activation's last dimension, M runs over samples and the dimensions between. A stack
    /// of Linear layers' probes is then one matrix product, and what all probes share is broadcast from one place.
    /// </summary>
    SamplesLast,

    /// <summary>
    /// <c>[N, P, …]</c>: read as <c>[N·P, C, …]</c> it is a batch for a convolution, read as <c>[N, P·C, …]</c> one for
    /// a convolution whose weights differ from probe to probe, both without a copy.
    /// </summary>
    SamplesFirst,
}

/// <summary>Directional derivatives of one activation along P probes: one lane a probe.</summary>
/// <param name="Data">The numbers, in the layout's shape.</param>
/// <param name="Layout">What the dimensions mean.</param>
public readonly record struct Lanes(Tensor Data, LaneLayout Layout)
{
    /// <summary>The same lanes in another layout; a copy where it differs.</summary>
    /// <param name="layout">The wanted layout.</param>
    /// <param name="activation">The activation's own shape, <c>[N, …]</c>.</param>
    public Lanes To(LaneLayout layout, ReadOnlySpan<long> activation)
    {
        if (layout == Layout) return this;

        int rank = activation.Length;
        if (layout == LaneLayout.SamplesLast)
        {
            // [N, P, s…, C] → [P, C, N, s…] → [P, C, M]
            long[] order = [1, rank, 0, .. Enumerable.Range(2, rank - 2).Select(d => (long)d)];
            long lanes = Data.shape[1], channels = activation[^1];
            return new Lanes(Data.permute(order).reshape([lanes, channels, -1]), layout);
        }
        else
        {
            // [P, C, M] → [P, C, N, s…] → [N, P, s…, C]
            var split = Data.reshape([Data.shape[0], activation[^1], .. activation[..^1]]);
            long[] order = [2, 0, .. Enumerable.Range(3, rank - 2).Select(d => (long)d), 1];
            return new Lanes(split.permute(order).contiguous(), layout);
        }
    }

    /// <summary>A tensor of the activation's own shape, brought to the shape that broadcasts over lanes.</summary>
    /// <param name="activation"><c>[N, …]</c>.</param>
    /// <param name="layout">The lanes' layout.</param>
    /// <returns><c>[C, M]</c> or <c>[N, 1, …]</c>, contiguous.</returns>
    public static Tensor Shared(Tensor activation, LaneLayout layout)
    {
        if (layout == LaneLayout.SamplesFirst) return activation.unsqueeze(1).contiguous();
        long channels = activation.shape[^1];
        return activation.movedim([-1], [0]).reshape(channels, -1).contiguous();
    }
}
