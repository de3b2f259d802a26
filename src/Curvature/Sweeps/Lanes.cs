using static TorchSharp.torch;

namespace ActorHutch.Curvature.Sweeps;

/// <summary>How an operation lays its lanes out in memory.</summary>
public enum LaneLayout
{
    /// <summary>
    /// <c>[P, C, M]</c>: C is the value's last dimension, M runs over samples and the dimensions between. A stack of
    /// linear layers' probes is then one matrix product, and what all probes share is broadcast from one place.
    /// </summary>
    SamplesLast,

    /// <summary>
    /// <c>[N, P, …]</c>: read as <c>[N·P, C, …]</c> it is a batch for a convolution, read as <c>[N, P·C, …]</c> one for
    /// a convolution whose weights differ from probe to probe, both without a copy.
    /// </summary>
    SamplesFirst,
}

/// <summary>
/// Lanes: the directional derivatives of one value of the model along P probes, as one tensor <c>[P, *shape]</c>, a lane a
/// probe.
/// </summary>
/// <remarks>
/// The shape says what the dimensions mean; the strides say how they lie in memory, which each operation chooses: a
/// convolution writes <c>[N, P, …]</c>, so that lanes are a larger batch, a linear layer <c>[P, out, N]</c>, so that a
/// stack of probes is one matrix product. libtorch's elementwise operations keep the order of their operand, and
/// <see cref="SharedTensor"/> brings what all lanes share into the same order.
/// </remarks>
public static class Lanes
{
    /// <summary>Gives lanes of a value the rank of another one with which it is broadcast.</summary>
    /// <param name="lanes"><c>[P, *shape]</c>.</param>
    /// <param name="rank">The rank of the wider value, without the lanes' dimension.</param>
    /// <returns><c>[P, 1, …, 1, *shape]</c>.</returns>
    public static Tensor Align(Tensor lanes, int rank)
    {
        for (long missing = rank + 1 - lanes.dim(); missing > 0; missing--) lanes = lanes.unsqueeze(1);
        return lanes;
    }

    /// <summary>Dimensions in the order in which they lie in memory, the slowest first.</summary>
    /// <param name="tensor">Any tensor.</param>
    /// <param name="first">The first dimension that counts.</param>
    /// <returns>Those from <paramref name="first"/> on; dimensions of size 1, which lie anywhere, come last.</returns>
    public static long[] Order(Tensor tensor, int first = 0)
    {
        long[] shape = tensor.shape, strides = tensor.stride();
        // LINQ's sort is stable.
        return [.. Enumerable.Range(first, shape.Length - first).OrderByDescending(d => shape[d] == 1 ? -1 : strides[d]).Select(d => (long)d)];
    }

    /// <summary>Applies an operation that takes a batch to the lanes of one, as to a batch P times as large.</summary>
    /// <param name="lanes"><c>[P, N, …]</c>, in any order.</param>
    /// <param name="operation">From <c>[P·N, …]</c> to <c>[P·N, …]</c>.</param>
    public static Tensor Merged(Tensor lanes, Func<Tensor, Tensor> operation)
    {
        var turned = lanes.transpose(0, 1);
        bool samplesFirst = turned.is_contiguous() && !lanes.is_contiguous();
        var source = samplesFirst ? turned : lanes;
        long[] shape = source.shape;
        var result = operation(source.reshape([-1, .. shape[2..]]));
        result = result.reshape([shape[0], shape[1], .. result.shape[1..]]);
        return samplesFirst ? result.transpose(0, 1) : result;
    }

    /// <summary>The transpose of broadcasting: lanes of the wider value, added up over what was broadcast.</summary>
    /// <param name="lanes"><c>[…, *wide]</c>.</param>
    /// <param name="leading">How many dimensions are before the value's own.</param>
    /// <param name="shape">The shape that was broadcast.</param>
    /// <returns><c>[…, *shape]</c>.</returns>
    public static Tensor Reduced(Tensor lanes, int leading, long[] shape)
    {
        ArgumentNullException.ThrowIfNull(lanes);
        ArgumentNullException.ThrowIfNull(shape);
        long[] wide = lanes.shape[leading..];
        int missing = wide.Length - shape.Length;
        long[] broadcast = [.. Enumerable.Range(0, wide.Length).Where(d => d < missing || shape[d - missing] == 1 && wide[d] > 1).Select(d => (long)d + leading)];
        return broadcast.Length == 0 ? lanes : lanes.sum(broadcast, keepdim: true).reshape([.. lanes.shape[..leading], .. shape]);
    }

    /// <summary>The lanes as they lie in a layout; a copy where they lie otherwise.</summary>
    /// <param name="lanes"><c>[P, N, …]</c>.</param>
    /// <param name="layout">The wanted layout.</param>
    /// <returns>Contiguous, in the layout's shape.</returns>
    public static Tensor In(LaneLayout layout, Tensor lanes)
    {
        if (layout == LaneLayout.SamplesFirst) return lanes.transpose(0, 1).contiguous();
        var turned = lanes.movedim([-1], [1]);
        long[] shape = turned.shape;
        if (turned.is_contiguous() || !lanes.is_contiguous() || lanes.requires_grad)
            return turned.reshape([shape[0], shape[1], -1]).contiguous();

        // libtorch transposes matrices block by block, but not a stack of them.
        var result = lanes.new_empty([shape[0], shape[1], lanes.numel() / (shape[0] * shape[1])]);
        for (long lane = 0; lane < shape[0]; lane++)
        {
            using var target = result[lane];
            using var source = lanes[lane].view(-1, shape[1]).t();
            target.copy_(source);
        }

        return result;
    }

    /// <summary>Lanes from what an operation computed in a layout; never a copy.</summary>
    /// <param name="layout">The layout.</param>
    /// <param name="data">In the layout's shape.</param>
    /// <param name="shape">The value's own shape, <c>[N, …]</c>.</param>
    public static Tensor From(LaneLayout layout, Tensor data, long[] shape) => layout == LaneLayout.SamplesFirst
        ? data.transpose(0, 1)
        : data.view([data.shape[0], shape[^1], .. shape[..^1]]).movedim([1], [-1]);

    /// <summary>A value that all lanes share, as it broadcasts with lanes in a layout.</summary>
    /// <param name="layout">The layout.</param>
    /// <param name="value"><c>[N, …]</c>.</param>
    /// <returns><c>[C, M]</c> or <c>[N, 1, …]</c>, contiguous.</returns>
    public static Tensor Shared(LaneLayout layout, Tensor value)
    {
        if (layout == LaneLayout.SamplesFirst) return value.unsqueeze(1).contiguous();
        long channels = value.shape[^1];
        return value.movedim([-1], [0]).reshape(channels, -1).contiguous();
    }
}
