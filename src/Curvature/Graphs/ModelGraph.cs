using static TorchSharp.torch;

namespace ActorHutch.Curvature.Graphs;

/// <summary>A value in a model's graph: what an operation can take.</summary>
public abstract class GraphValue;

/// <summary>An input of the model, which a batch gives.</summary>
/// <param name="position">Its place among the inputs, from 0.</param>
public sealed class GraphInput(int position) : GraphValue
{
    /// <summary>Its place among the inputs, from 0.</summary>
    public int Position { get; } = position;
}

/// <summary>A parameter or a constant: a tensor that is the same for every batch.</summary>
/// <param name="tensor">The tensor, which stays its owner's.</param>
public sealed class GraphTensor(Tensor tensor) : GraphValue
{
    /// <summary>The tensor.</summary>
    public Tensor Tensor { get; } = tensor;

    /// <summary>Whether it is a parameter whose curvature is asked for.</summary>
    public bool Varies => Tensor.requires_grad;
}

/// <summary>The result of an operation.</summary>
public sealed class GraphNode : GraphValue
{
    private readonly Func<long, Operation> _operation;

    internal GraphNode(int index, string name, IReadOnlyList<GraphValue> operands, Func<long, Operation> operation) =>
        (Index, Name, Operands, _operation) = (index, name, operands, operation);

    /// <summary>Its place in the graph's order, from 0.</summary>
    public int Index { get; }

    /// <summary>What messages call it, such as <c>layer1.0.conv1</c>.</summary>
    public string Name { get; }

    /// <summary>What it takes: values that come before it.</summary>
    public IReadOnlyList<GraphValue> Operands { get; }

    /// <summary>Makes the operation for a batch of N samples.</summary>
    internal Operation Operation(long samples)
    {
        var operation = _operation(samples);
        operation.Name = Name;
        return operation;
    }

    /// <summary>The same, between operands of another graph.</summary>
    internal GraphNode At(int index, IReadOnlyList<GraphValue> operands) => new(index, Name, operands, _operation);
}

/// <summary>
/// A model as operations in order: each takes inputs, parameters, constants and results of operations before it. A
/// parameter that is used twice is one leaf with two readers.
/// </summary>
/// <param name="Nodes">The operations, each after those whose results it takes.</param>
/// <param name="Output">The model's output.</param>
public sealed record ModelGraph(IReadOnlyList<GraphNode> Nodes, GraphValue Output)
{
    /// <summary>A value's tensor, while the operations are computed in order.</summary>
    /// <param name="value">The value.</param>
    /// <param name="inputs">What the model takes.</param>
    /// <param name="results">The nodes' results so far, by their places.</param>
    internal static Tensor TensorOf(GraphValue value, IReadOnlyList<Tensor> inputs, IReadOnlyList<Tensor?> results) => value switch
    {
        GraphNode node => results[node.Index]!,
        GraphTensor leaf => leaf.Tensor,
        GraphInput input => inputs[input.Position],
        _ => throw new InvalidOperationException($"There is no {value.GetType().Name} here."),
    };

    /// <summary>How many operations read each node's result; the output counts as read once more.</summary>
    internal int[] Readers()
    {
        int[] readers = new int[Nodes.Count];
        foreach (var operand in Nodes.SelectMany(node => node.Operands).OfType<GraphNode>()) readers[operand.Index]++;
        if (Output is GraphNode last) readers[last.Index]++;
        return readers;
    }
}
