using static TorchSharp.torch;

namespace ActorHutch.Curvature.Sweeps;

/// <summary>Where a value has its samples: in one of its dimensions, which may hold several rows of each.</summary>
/// <param name="Samples">N.</param>
/// <param name="Dimension">The dimension, k·N long.</param>
/// <param name="IsMinor">Whether all samples' first rows come first, <c>[k, N]</c>, and not all rows of the first sample, <c>[N, k]</c>.</param>
internal readonly record struct SampleAxis(long Samples, int Dimension = 0, bool IsMinor = false)
{
    /// <summary>A value with a dimension for the samples alone, behind the leading ones.</summary>
    /// <param name="value"><c>[…, *shape]</c>.</param>
    /// <param name="leading">How many dimensions are before the value's own.</param>
    /// <returns><c>[…, N, *shape]</c> with k in place of k·N, a view.</returns>
    public Tensor Front(Tensor value, int leading)
    {
        int at = leading + Dimension;
        long rows = value.shape[at] / Samples;
        return IsMinor
            ? value.unflatten(at, rows, Samples).movedim([at + 1], [leading])
            : value.unflatten(at, Samples, rows).movedim([at], [leading]);
    }

    /// <summary>The inverse of <see cref="Front"/>.</summary>
    /// <param name="value"><c>[…, N, *shape]</c> with k in place of k·N.</param>
    /// <param name="leading">How many dimensions are before the samples' own.</param>
    /// <returns><c>[…, *shape]</c>.</returns>
    public Tensor Back(Tensor value, int leading)
    {
        int at = leading + Dimension;
        return value.movedim([leading], [IsMinor ? at + 1 : at]).flatten(at, at + 1);
    }

    /// <summary>The transpose of broadcasting, for each sample by itself.</summary>
    /// <param name="lanes">Of a value with these samples, <c>[P, *shape]</c>.</param>
    /// <param name="shape">The shape that was broadcast, the same for all samples.</param>
    /// <returns><c>[P, N, *shape]</c>.</returns>
    public Tensor Reduced(Tensor lanes, long[] shape) => Lanes.Reduced(Front(lanes, 1), 2, shape);
}
