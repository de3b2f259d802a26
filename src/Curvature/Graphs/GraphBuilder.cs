using static TorchSharp.torch;

namespace ActorHutch.Curvature.Graphs;

/// <summary>Writes a graph, operation by operation.</summary>
public sealed class GraphBuilder
{
    private readonly List<GraphNode> _nodes = [];
    private readonly Dictionary<IntPtr, GraphTensor> _tensors = [];

    /// <summary>The name that the next operations get.</summary>
    public string Path { get; set; } = "";

    /// <summary>The number type of the numbers that the model makes itself.</summary>
    internal ScalarType Dtype { get; init; } = ScalarType.Float32;

    /// <summary>Where it makes them.</summary>
    internal Device Device { get; init; } = CPU;

    /// <summary>Nodes that are the transpose of a leaf: a product with one of them is a linear layer.</summary>
    internal Dictionary<GraphNode, GraphTensor> Transposes { get; } = [];

    /// <summary>A parameter or a constant; the same value for the same tensor.</summary>
    public GraphTensor Tensor(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return _tensors.TryGetValue(tensor.Handle, out var known) ? known : _tensors[tensor.Handle] = new GraphTensor(tensor);
    }

    /// <summary>An operation.</summary>
    /// <param name="operation">Makes it, once a batch.</param>
    /// <param name="operands">What it takes.</param>
    public GraphNode Add(Func<Operation> operation, params IReadOnlyList<GraphValue> operands)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return Add(_ => operation(), operands);
    }

    /// <summary>An operation whose arguments depend on the batch.</summary>
    /// <param name="operation">Makes it for a batch of N samples.</param>
    /// <param name="operands">What it takes.</param>
    public GraphNode Add(Func<long, Operation> operation, params IReadOnlyList<GraphValue> operands)
    {
        var node = new GraphNode(_nodes.Count, Path, operands, operation);
        _nodes.Add(node);
        return node;
    }

    /// <summary>The graph, without the operations that its output does not depend on.</summary>
    public ModelGraph Build(GraphValue output)
    {
        var isRead = new bool[_nodes.Count];
        if (output is GraphNode last) isRead[last.Index] = true;
        for (int i = _nodes.Count - 1; i >= 0; i--)
        {
            if (!isRead[i]) continue;
            foreach (var operand in _nodes[i].Operands.OfType<GraphNode>()) isRead[operand.Index] = true;
        }

        var kept = new Dictionary<GraphNode, GraphNode>();
        GraphValue Kept(GraphValue value) => value is GraphNode node ? kept[node] : value;
        foreach (var node in _nodes.Where(node => isRead[node.Index]))
            kept[node] = node.At(kept.Count, [.. node.Operands.Select(Kept)]);
        return new ModelGraph([.. kept.Values], Kept(output));
    }
}
