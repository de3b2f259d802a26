using ActorHutch.Curvature.Graphs;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operators;

/// <summary>
/// The reverse sweep: P lanes of adjoints from the model's output back to every parameter, where their squares are added up
/// sample by sample: Σ_n ‖J_nᵀ a_n‖² of each lane and block.
/// </summary>
/// <remarks>
/// Where samples meet a parameter, the gradient is told apart by samples, and need not be made explicit for its square
/// (<see cref="SampleGradients"/>). What a parameter gets from several places is added up first. What is made of parameters
/// alone, such as a normalised weight, has a lane for each probe and sample.
/// </remarks>
internal sealed class ReverseSweep
{
    /// <summary>What explicit gradients of some samples may take.</summary>
    private const long ExplicitBytes = 32L << 20;

    private readonly Linearization _linearization;
    private readonly ModelGraph _graph;
    private readonly IReadOnlyList<Operation> _operations;
    private readonly SampleFlow _flow;
    private readonly long _samples;
    private readonly Dictionary<GraphTensor, int> _columns = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<GraphValue> _single;

    /// <summary>Follows the graph once.</summary>
    /// <param name="linearization">Of all samples of the sweep.</param>
    /// <param name="like">Where other samples are in the same graph's results; null where nobody knows.</param>
    /// <exception cref="NoLayerRuleException">Somewhere samples cannot be told apart.</exception>
    public ReverseSweep(Linearization linearization, SampleAxes? like = null)
    {
        (_linearization, _graph, _operations, _flow) = (linearization, linearization.Graph, linearization.Operations, linearization.Flow);
        _samples = linearization.Risk.SampleCount;
        Axes = new SampleAxes(linearization, like);
        var column = linearization.Risk.Blocks.ToDictionary(block => block.Parameter.Handle, block => block.Index);
        var readers = new Dictionary<GraphValue, int>(ReferenceEqualityComparer.Instance);
        var elsewhere = new HashSet<GraphValue>(ReferenceEqualityComparer.Instance);
        foreach (var node in _graph.Nodes)
        {
            foreach (var leaf in node.Operands.OfType<GraphTensor>().Where(leaf => leaf.Varies))
            {
                _columns[leaf] = column[leaf.Tensor.Handle];
                readers[leaf] = readers.GetValueOrDefault(leaf) + 1;
                if (!_flow.HasSamples(node.Index)) elsewhere.Add(leaf);
            }
        }

        _single = new(readers.Where(pair => pair.Value == 1 && !elsewhere.Contains(pair.Key)).Select(pair => pair.Key), ReferenceEqualityComparer.Instance);
    }

    /// <summary>Where the samples are.</summary>
    public SampleAxes Axes { get; }

    /// <summary>The most numbers of a lane that there are at once.</summary>
    public long MostNumbers()
    {
        var isLive = new bool[_operations.Count];
        long live = 0, most = 0;
        for (int i = _operations.Count - 1; i >= 0; i--)
        {
            if (_graph.Nodes[i] == _graph.Output) Add(i);
            foreach (var operand in _graph.Nodes[i].Operands.OfType<GraphNode>()) Add(operand.Index);
            // What an operation makes of its adjoints in between is as large as they are.
            most = Math.Max(most, live + _operations[i].LaneSize);
            if (isLive[i]) live -= _operations[i].LaneSize;
        }

        return most;

        void Add(int node)
        {
            if (isLive[node]) return;
            isLive[node] = true;
            live += _operations[node].LaneSize;
        }
    }

    /// <summary>‖J_nᵀ a_n‖² of each lane, sample and block, <c>[P, N, blocks]</c> in float64; for use inside the current scope.</summary>
    /// <param name="output">The output's adjoints a, <c>[P, N, …]</c>.</param>
    public Tensor SquaredGradients(Tensor output)
    {
        var result = zeros([output.shape[0], _samples, _linearization.Risk.Blocks.Count], ScalarType.Float64, output.device);
        Sweep(
            output,
            (column, gradients) => result.select(2, column).PlusInPlace(gradients.SquaredNorms()),
            (column, gradients, first, count) => result.narrow(1, first, count).select(2, column).PlusInPlace(gradients.Squared().reshape([result.shape[0], count, -1]).sum(2)));
        return result;
    }

    /// <summary>Σ_n (J_nᵀ a_n)² of each lane and parameter, for each block <c>[P, *block.Shape]</c> in float64; for use inside the current scope.</summary>
    /// <param name="output">The output's adjoints a, <c>[P, N, …]</c>.</param>
    public IReadOnlyList<Tensor> SquaresByParameter(Tensor output)
    {
        long lanes = output.shape[0];
        Tensor[] result = [.. _linearization.Risk.Blocks.Select(block => zeros([lanes, .. block.Shape], ScalarType.Float64, output.device))];
        Sweep(
            output,
            (column, gradients) => result[column].PlusInPlace(gradients.Squares(_samples)),
            (column, gradients, _, count) => result[column].PlusInPlace(gradients.Squared().reshape([lanes, count, .. gradients.shape[1..]]).sum(1, type: ScalarType.Float64)));
        return result;
    }

    /// <summary>Takes adjoints back to the parameters.</summary>
    /// <param name="output">The output's, <c>[P, N, …]</c>.</param>
    /// <param name="add">Is told each parameter's block and its gradients.</param>
    /// <param name="addExplicit">The same of some samples' gradients, <c>[P·count, *shape]</c>, with the first sample and their number.</param>
    private void Sweep(Tensor output, Action<int, SampleGradients> add, Action<int, Tensor, long, long> addExplicit)
    {
        int lanes = (int)output.shape[0];
        var adjoints = new Tensor?[_operations.Count];
        var uses = new Dictionary<GraphValue, List<SampleGradients>>(ReferenceEqualityComparer.Instance);
        if (_graph.Output is GraphNode last) adjoints[last.Index] = output.alias();
        for (int i = _operations.Count - 1; i >= 0; i--)
        {
            if (!_flow.HasSamples(i) || adjoints[i] is not { } given) continue;
            var node = _graph.Nodes[i];
            for (int operand = 0; operand < node.Operands.Count; operand++)
            {
                var value = node.Operands[operand];
                if (!Varies(value)) continue;
                if (!_flow.IsShared(value)) Pull(node, operand, given, adjoints);
                else if (_single.Contains(value)) Add(add, (GraphTensor)value, () => GradientsOf(node, operand, given));
                else UsesOf(uses, value).Add(GradientsOf(node, operand, given));
            }

            given.Dispose();
            adjoints[i] = null;
        }

        AddShared(uses, add, addExplicit, lanes * output.element_size());
    }

    private bool Varies(GraphValue value) => value switch
    {
        GraphTensor leaf => leaf.Varies,
        GraphNode node => _operations[node.Index].LaneSize > 0,
        _ => false,
    };

    private void Pull(GraphNode node, int operand, Tensor given, Tensor?[] adjoints)
    {
        using var scope = NewDisposeScope();
        if (_operations[node.Index].Pullback(operand, given) is not { } pulled) return;
        // A handle of its own, which is disposed of for itself.
        if (ReferenceEquals(pulled, given)) pulled = given.alias();
        int at = ((GraphNode)node.Operands[operand]).Index;
        if (adjoints[at] is { } before)
        {
            pulled = before.Plus(pulled);
            before.Dispose();
        }

        adjoints[at] = pulled.MoveToOuterDisposeScope();
    }

    private void Add(Action<int, SampleGradients> add, GraphTensor leaf, Func<SampleGradients> gradients)
    {
        using var scope = NewDisposeScope();
        add(_columns[leaf], gradients());
    }

    private SampleGradients GradientsOf(GraphNode node, int operand, Tensor given) =>
        _operations[node.Index].Gradients(operand, given, Axes.At(node))
        ?? (Axes.At(node) is { Dimension: 0, IsMinor: false }
            ? new ExplicitGradients(new SampleBySample(node, _linearization.OperandsOf(node.Index), _flow, _samples).Gradients(operand, given))
            : throw Linearization.NotInOrder(node.Name));

    /// <summary>What several places contribute to a parameter, or what is made of parameters.</summary>
    private void AddShared(
        Dictionary<GraphValue, List<SampleGradients>> uses, Action<int, SampleGradients> add, Action<int, Tensor, long, long> addExplicit, long bytesOfLanes)
    {
        var joined = new Dictionary<GraphValue, IReadOnlyList<SampleGradients>>(ReferenceEqualityComparer.Instance);
        foreach (var (value, list) in uses) joined[value] = SampleGradients.Joined(list);
        var reached = new HashSet<GraphValue>(joined.Keys, ReferenceEqualityComparer.Instance);
        for (int i = _operations.Count - 1; i >= 0; i--)
        {
            if (!reached.Contains(_graph.Nodes[i])) continue;
            foreach (var operand in _graph.Nodes[i].Operands.Where(Varies)) reached.Add(operand);
        }

        // Only what is reached through something else, or in several ways, has to be made explicit.
        foreach (var (value, list) in joined.ToArray())
        {
            if (value is not GraphTensor leaf || list.Count > 1 || IsMadeInto(leaf, reached)) continue;
            Add(add, leaf, () => list[0]);
            joined.Remove(value);
            reached.Remove(value);
        }

        if (joined.Count == 0) return;
        long bytes = bytesOfLanes * reached.Sum(value => value is GraphTensor leaf ? leaf.Tensor.numel() : _operations[((GraphNode)value).Index].LaneSize);
        long most = Math.Clamp(ExplicitBytes / Math.Max(1, bytes), 1, _samples);
        for (long first = 0; first < _samples; first += most)
        {
            using var scope = NewDisposeScope();
            long count = Math.Min(most, _samples - first);
            AddExplicit(joined, reached, addExplicit, first, count);
        }
    }

    private bool IsMadeInto(GraphTensor leaf, HashSet<GraphValue> reached) =>
        _graph.Nodes.Any(node => !_flow.HasSamples(node.Index) && reached.Contains(node) && node.Operands.Contains(leaf));

    /// <summary>The gradients of some samples, through whatever is made of parameters, with a lane for each probe and sample.</summary>
    private void AddExplicit(
        Dictionary<GraphValue, IReadOnlyList<SampleGradients>> uses, HashSet<GraphValue> reached, Action<int, Tensor, long, long> addExplicit, long first, long count)
    {
        var gradients = new Dictionary<GraphValue, Tensor>(ReferenceEqualityComparer.Instance);
        foreach (var (value, list) in uses)
        {
            foreach (var use in list) Add(value, use.Explicit(first, count).flatten(0, 1));
        }

        for (int i = _operations.Count - 1; i >= 0; i--)
        {
            var node = _graph.Nodes[i];
            if (!reached.Contains(node) || !gradients.Remove(node, out var given)) continue;
            for (int operand = 0; operand < node.Operands.Count; operand++)
            {
                if (Varies(node.Operands[operand]) && _operations[i].Pullback(operand, given) is { } pulled) Add(node.Operands[operand], pulled);
            }
        }

        foreach (var (value, given) in gradients)
            addExplicit(_columns[(GraphTensor)value], given, first, count);

        void Add(GraphValue value, Tensor more) => gradients[value] = gradients.TryGetValue(value, out var sum) ? sum.Plus(more) : more;
    }

    private static List<SampleGradients> UsesOf(Dictionary<GraphValue, List<SampleGradients>> uses, GraphValue value) =>
        uses.TryGetValue(value, out var list) ? list : uses[value] = [];
}
