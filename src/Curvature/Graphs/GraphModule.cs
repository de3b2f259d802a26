using static TorchSharp.torch;

namespace ActorHutch.Curvature.Graphs;

/// <summary>A model that is given as a graph: every method serves it.</summary>
/// <remarks>Its parameters and constants have the names that the description gives them.</remarks>
internal sealed class GraphModule : nn.Module<Tensor, Tensor>, IModelOfInputs
{
    private readonly int _taken;

    /// <param name="inputs">What it takes; the last of them are the targets where it computes its loss.</param>
    /// <param name="computesLoss">Whether it does.</param>
    /// <param name="graph">Writes the graph from the parameters and constants by name.</param>
    /// <param name="parameters">The parameters, by name; the module's from here on.</param>
    /// <param name="constants">The constants, by name; the module's from here on.</param>
    public GraphModule(
        IReadOnlyList<ModelInput> inputs,
        bool computesLoss,
        Func<IReadOnlyDictionary<string, Tensor>, ModelGraph> graph,
        IReadOnlyList<(string Name, TorchSharp.Modules.Parameter Value)> parameters,
        IReadOnlyList<(string Name, Tensor Value)> constants) : base(nameof(GraphModule))
    {
        (ComputesLoss, _taken) = (computesLoss, inputs.Count);
        Inputs = computesLoss ? [.. inputs.SkipLast(1)] : inputs;
        foreach (var (name, value) in parameters) register_parameter(name, value);
        foreach (var (name, value) in constants) register_buffer(name, value);
        var leaves = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var (name, value) in named_parameters()) leaves[name] = value;
        foreach (var (name, value) in named_buffers()) leaves[name] = value;
        Graph = graph(leaves);
    }

    /// <summary>The model's operations.</summary>
    public ModelGraph Graph { get; }

    /// <inheritdoc/>
    public IReadOnlyList<ModelInput> Inputs { get; }

    /// <inheritdoc/>
    public bool ComputesLoss { get; }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => forward([input]);

    /// <inheritdoc/>
    public Tensor forward(IReadOnlyList<Tensor> inputs)
    {
        if (inputs.Count != _taken)
        {
            string targets = ComputesLoss ? ", and the targets" : "";
            throw new ArgumentException($"It takes {string.Join(" and ", Inputs.Select(input => input.Name))}{targets}, and is given {inputs.Count} tensors.");
        }

        long samples = inputs[0].shape[0];
        var results = new Tensor?[Graph.Nodes.Count];
        int[] readers = Graph.Readers();
        foreach (var node in Graph.Nodes)
        {
            using var operation = node.Operation(samples);
            results[node.Index] = operation.Compute([.. node.Operands.Select(value => ModelGraph.TensorOf(value, inputs, results))]);
            foreach (var read in node.Operands.OfType<GraphNode>())
            {
                // Autograd keeps what it needs by handles of its own.
                if (--readers[read.Index] == 0) results[read.Index]!.Dispose();
            }
        }

        return ModelGraph.TensorOf(Graph.Output, inputs, results);
    }
}
