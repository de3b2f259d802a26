using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Sweeps;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operators;

/// <summary>
/// Which values of a graph have samples, and which are made of parameters and constants alone, the same for all of them: where
/// the one meets the other, a gradient can be told apart by samples.
/// </summary>
internal sealed class SampleFlow
{
    private readonly ModelGraph _graph;
    private readonly bool[] _hasSamples;
    private readonly bool[] _varies;
    private readonly Dictionary<int, (SampleAxis Axis, long Rows)> _expanded = [];

    /// <summary>Follows a graph.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="samples">N.</param>
    /// <exception cref="NoLayerRuleException">Something that is made of parameters has samples elsewhere than in its first dimension.</exception>
    public SampleFlow(ModelGraph graph, long samples)
    {
        _graph = graph;
        _hasSamples = new bool[graph.Nodes.Count];
        _varies = new bool[graph.Nodes.Count];
        var isFed = new bool[graph.Nodes.Count];
        foreach (var node in graph.Nodes)
        {
            isFed[node.Index] = node.Operands.Any(operand => operand is GraphInput || operand is GraphNode child && isFed[child.Index]);
            _varies[node.Index] = node.Operands.Any(operand => operand is GraphTensor { Varies: true } || operand is GraphNode child && _varies[child.Index]);
        }

        isFed.CopyTo(_hasSamples, 0);
        if (!Array.TrueForAll(isFed, fed => fed)) FindExpanded(isFed, samples);
    }

    /// <summary>Whether a node's result has samples.</summary>
    public bool HasSamples(int node) => _hasSamples[node];

    /// <summary>Whether a value has samples.</summary>
    public bool HasSamples(GraphValue value) => value is GraphInput || value is GraphNode node && _hasSamples[node.Index];

    /// <summary>Whether a value is a parameter, or made of parameters alone, and so the same for all samples.</summary>
    public bool IsShared(GraphValue value) => value switch
    {
        GraphTensor leaf => leaf.Varies,
        GraphNode node => _varies[node.Index] && !_hasSamples[node.Index],
        _ => false,
    };

    /// <summary>Where the samples are in a node's result that no input goes into, and how many rows each has; null for any other node.</summary>
    public (SampleAxis Axis, long Rows)? Expanded(int node) => _expanded.TryGetValue(node, out var found) ? found : null;

    /// <summary>Whether samples meet parameters at a node.</summary>
    public bool IsMeeting(int node) => _hasSamples[node] && _graph.Nodes[node].Operands.Any(IsShared);

    /// <summary>
    /// Such as a class token, which is repeated for each sample: of what no input goes into, the value for one sample more tells.
    /// Parameters may have one value throughout, such as a scale of 1, and so others stand in for them.
    /// </summary>
    private void FindExpanded(bool[] isFed, long samples)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        Tensor?[] results = new Tensor?[isFed.Length], larger = new Tensor?[isFed.Length];
        var nothing = new ModelInputs();
        var standIns = new Dictionary<GraphValue, Tensor>(ReferenceEqualityComparer.Instance);
        Tensor Of(GraphValue value, Tensor?[] found)
        {
            if (value is not GraphTensor { Varies: true } leaf) return ModelGraph.TensorOf(value, nothing, found);
            return standIns.TryGetValue(leaf, out var known) ? known : standIns[leaf] = Numbers(leaf.Tensor);
        }

        foreach (var node in _graph.Nodes.Where(node => !isFed[node.Index]))
        {
            using Operation operation = node.Operation(samples), another = node.Operation(samples + 1);
            var result = results[node.Index] = operation.Compute([.. node.Operands.Select(value => Of(value, results))]);
            var more = larger[node.Index] = another.Compute([.. node.Operands.Select(value => Of(value, larger))]);
            long[] shape = result.shape, next = more.shape;
            if (shape.SequenceEqual(next)) continue;
            _hasSamples[node.Index] = true;
            if (AxisOf(result, more, samples) is { } axis) _expanded[node.Index] = (axis, shape[axis.Dimension] / samples);
            else if (_varies[node.Index]) throw Linearization.NotInOrder(node.Name);
        }
    }

    /// <summary>Where the samples are, if the first N of N + 1 samples have the value of N; null where that is nowhere.</summary>
    private static SampleAxis? AxisOf(Tensor result, Tensor more, long samples)
    {
        int[] other = [.. Enumerable.Range(0, (int)result.dim()).Where(d => d >= more.dim() || result.shape[d] != more.shape[d])];
        if (result.dim() != more.dim() || other.Length != 1) return null;
        int at = other[0];
        if (result.shape[at] % samples != 0 || result.shape[at] / samples * (samples + 1) != more.shape[at]) return null;
        foreach (bool isMinor in (bool[])[false, true])
        {
            var (few, many) = (new SampleAxis(samples, at, isMinor), new SampleAxis(samples + 1, at, isMinor));
            if (few.Front(result, 0).allclose(many.Front(more, 0).narrow(0, 0, samples))) return few;
        }

        return null;
    }

    /// <summary>Positive numbers that are no pattern, in a parameter's shape.</summary>
    private static Tensor Numbers(Tensor like)
    {
        using TorchSharp.Scalar step = 12.9898, count = like.numel();
        return arange(count, ScalarType.Float64).mul(step).sin().Times(0.5).Plus(1).reshape(like.shape).to(like.dtype, like.device);
    }
}
