using ActorHutch.Curvature.Sweeps;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Graphs;

/// <summary>
/// Whether results within a graph have their samples one after another along the first dimension, as <c>[N, …]</c> or as the
/// rows <c>[k·N, …]</c> of one sample after those of another: what output space takes apart by samples.
/// </summary>
/// <remarks>
/// A graph does not tell what its dimensions are. So it is evaluated on the batch and on the batch in reverse order, and each
/// result must be the reverse of the other's; samples are independent, which was found before.
/// </remarks>
internal static class SampleOrder
{
    /// <summary>The first node whose samples are not in order, among those that are asked about; null where there is none.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="given">What the model takes.</param>
    /// <param name="isAsked">Whether a node, by its place, is asked about.</param>
    public static string? Broken(ModelGraph graph, ModelInputs given, Func<int, bool> isAsked)
    {
        var first = new SampleAxis(given.SampleCount);
        return Compare(graph, given, isAsked, (node, result, mirrored) => AreMirrored(result, mirrored, first) ? null : node.Name);
    }

    /// <summary>Where nodes have their samples.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="given">What the model takes: a few samples, at least two.</param>
    /// <param name="isAsked">Whether a node, by its place, is asked about.</param>
    /// <returns>By the nodes' places, and how many rows each sample has there; nothing for a node whose samples are not found.</returns>
    public static IReadOnlyDictionary<int, (SampleAxis Axis, long Rows)> Axes(ModelGraph graph, ModelInputs given, Func<int, bool> isAsked)
    {
        long samples = given.SampleCount;
        var axes = new Dictionary<int, (SampleAxis, long)>();
        Compare(graph, given, isAsked, (node, result, mirrored) =>
        {
            for (int d = 0; d < result.dim(); d++)
            {
                if (result.shape[d] % samples != 0) continue;
                long rows = result.shape[d] / samples;
                var axis = new SampleAxis(samples, d);
                bool isMajor = AreMirrored(result, mirrored, axis);
                if (!isMajor && (rows == 1 || !AreMirrored(result, mirrored, axis = axis with { IsMinor = true }))) continue;
                axes[node.Index] = (axis, rows);
                break;
            }

            return null;
        });
        return axes;
    }

    /// <summary>Evaluates the graph on samples and on the samples in reverse order, up to the first node of which something is said.</summary>
    private static string? Compare(ModelGraph graph, ModelInputs given, Func<int, bool> isAsked, Func<GraphNode, Tensor, Tensor, string?> compare)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        long samples = given.SampleCount;
        var reversed = given.Map(input => input.flip(0));
        Tensor?[] results = new Tensor?[graph.Nodes.Count], mirrored = new Tensor?[graph.Nodes.Count];
        int[] readers = graph.Readers();
        foreach (var node in graph.Nodes)
        {
            using var operation = node.Operation(samples);
            results[node.Index] = operation.Compute([.. node.Operands.Select(value => ModelGraph.TensorOf(value, given, results))]);
            mirrored[node.Index] = operation.Compute([.. node.Operands.Select(value => ModelGraph.TensorOf(value, reversed, mirrored))]);
            if (isAsked(node.Index) && compare(node, results[node.Index]!, mirrored[node.Index]!) is { } said) return said;
            foreach (var read in node.Operands.OfType<GraphNode>())
            {
                if (--readers[read.Index] > 0) continue;
                results[read.Index]!.Dispose();
                mirrored[read.Index]!.Dispose();
            }
        }

        return null;
    }

    private static bool AreMirrored(Tensor result, Tensor mirrored, SampleAxis axis)
    {
        if (result.dim() == 0 || result.shape[axis.Dimension] % axis.Samples != 0) return false;
        using var scope = NewDisposeScope();
        var expected = axis.Front(result, 0).flip(0).to(ScalarType.Float64);
        var found = axis.Front(mirrored, 0).to(ScalarType.Float64);
        // Another order of samples may round otherwise, and another sample is far off.
        double allowed = Math.Sqrt(finfo(result.dtype).eps) * expected.abs().max().item<double>();
        return (expected - found).abs().max().item<double>() <= allowed;
    }
}
