using ActorHutch.Curvature.Sweeps;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Graphs;

/// <summary>
/// In which dimension results within a graph have their samples, as <c>[N, …]</c>, or as the rows <c>[k·N, …]</c> of one sample
/// after those of another, or as all first rows before all second ones.
/// </summary>
/// <remarks>
/// A graph does not tell what its dimensions are. So it is evaluated on the batch and on the batch in reverse order, and each
/// result must be the reverse of the other's; samples are independent, which was found before.
/// </remarks>
internal static class SampleOrder
{
    /// <summary>Where nodes have their samples.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="given">What the model takes: at least two samples.</param>
    /// <param name="isAsked">Whether a node, by its place, is asked about.</param>
    /// <returns>By the nodes' places, and how many rows each sample has there; nothing for a node whose samples are not found.</returns>
    public static IReadOnlyDictionary<int, (SampleAxis Axis, long Rows)> Axes(ModelGraph graph, ModelInputs given, Func<int, bool> isAsked)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var axes = new Dictionary<int, (SampleAxis, long)>();
        var reversed = given.Map(input => input.flip(0));
        Tensor?[] results = new Tensor?[graph.Nodes.Count], mirrored = new Tensor?[graph.Nodes.Count];
        int[] readers = graph.Readers();
        foreach (var node in graph.Nodes)
        {
            using var operation = node.Operation(given.SampleCount);
            var result = results[node.Index] = operation.Compute([.. node.Operands.Select(value => ModelGraph.TensorOf(value, given, results))]);
            var other = mirrored[node.Index] = operation.Compute([.. node.Operands.Select(value => ModelGraph.TensorOf(value, reversed, mirrored))]);
            if (isAsked(node.Index) && Find(result, other, given.SampleCount) is { } found) axes[node.Index] = found;
            foreach (var read in node.Operands.OfType<GraphNode>())
            {
                if (--readers[read.Index] > 0) continue;
                results[read.Index]!.Dispose();
                mirrored[read.Index]!.Dispose();
            }
        }

        return axes;
    }

    private static (SampleAxis Axis, long Rows)? Find(Tensor result, Tensor mirrored, long samples)
    {
        for (int d = 0; d < result.dim(); d++)
        {
            long rows = result.shape[d] / samples;
            foreach (bool isMinor in rows > 1 ? (bool[])[false, true] : [false])
            {
                var axis = new SampleAxis(samples, d, isMinor);
                if (AreMirrored(result, mirrored, axis)) return (axis, rows);
            }
        }

        return null;
    }

    private static bool AreMirrored(Tensor result, Tensor mirrored, SampleAxis axis)
    {
        if (result.shape[axis.Dimension] % axis.Samples != 0) return false;
        using var scope = NewDisposeScope();
        var expected = axis.Front(result, 0).flip(0).to(ScalarType.Float64);
        var found = axis.Front(mirrored, 0).to(ScalarType.Float64);
        // Another order of samples may round otherwise, and another sample is far off.
        double allowed = Math.Sqrt(finfo(result.dtype).eps) * expected.abs().max().item<double>();
        return (expected - found).abs().max().item<double>() <= allowed;
    }
}
