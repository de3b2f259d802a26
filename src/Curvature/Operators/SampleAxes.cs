using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Sweeps;

namespace ActorHutch.Curvature.Operators;

/// <summary>Where the samples are in a graph's results, wherever they meet parameters and wherever the model bends.</summary>
internal sealed class SampleAxes
{
    private readonly long _samples;
    private readonly Dictionary<int, (SampleAxis Axis, long Rows)> _axes = [];

    /// <summary>Follows the graph once.</summary>
    /// <param name="linearization">Of all samples of a sweep.</param>
    /// <param name="like">Of other samples of the same graph, which tell where the samples are; null where nobody does.</param>
    public SampleAxes(Linearization linearization, SampleAxes? like = null)
    {
        var (risk, graph, flow) = (linearization.Risk, linearization.Graph, linearization.Flow);
        _samples = risk.SampleCount;
        bool IsAsked(int index) => linearization.Operations[index].LaneSize > 0 && flow.HasSamples(index) && (linearization.Operations[index].IsCurved || flow.IsMeeting(index));
        // Layers have the samples first; what a graph does with them, it does not say.
        var found = like is null && _samples > 1 && risk.Model is IModelOfInputs ? SampleOrder.Axes(graph, risk.Given, IsAsked) : null;
        foreach (int node in graph.Nodes.Select(node => node.Index).Where(IsAsked))
        {
            long[] shape = linearization.Operations[node].Shape;
            var first = (new SampleAxis(_samples), shape is [var rows, ..] ? rows / _samples : 0);
            (SampleAxis Axis, long Rows)? place = _samples == 1 ? first
                : flow.Expanded(node) is { } expanded ? expanded
                : like is { _samples: > 1 } ? like._axes.TryGetValue(node, out var alike) ? (alike.Axis with { Samples = _samples }, alike.Rows) : null
                : found is null ? first
                : found.TryGetValue(node, out var known) ? known : null;
            // What was taken for samples must be as many as there are.
            if (place is var (axis, count) && shape.Length > 0 && shape[axis.Dimension] == count * _samples) _axes[node] = (axis, count);
        }
    }

    /// <summary>Where they are in a node's result.</summary>
    /// <exception cref="NoLayerRuleException">Nowhere that could be found.</exception>
    public SampleAxis At(GraphNode node) => _axes.TryGetValue(node.Index, out var found) ? found.Axis : throw Linearization.NotInOrder(node.Name);
}
