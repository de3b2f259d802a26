using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operations;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Sweeps;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operators;

/// <summary>
/// A risk at its parameters and batch, ready for sweeps: one forward and one backward pass give the values and adjoints
/// of every operation, which no probe changes.
/// </summary>
internal sealed class Linearization : IDisposable
{
    private const int MostNamed = 5;

    private readonly ModelGraph _graph;
    private readonly Operation[] _operations;
    private readonly int[] _readers;
    private readonly LossCurvature _loss;
    private readonly long _samples;
    private readonly bool _secondOrder;
    private readonly bool _isForReverse;
    private readonly Dictionary<int, Tensor[]> _operands = [];
    private SampleFlow? _flow;
    private long[] _output = [];

    /// <summary>Passes the batch through the model once.</summary>
    /// <param name="risk">The risk.</param>
    /// <param name="matrix">The matrix whose forward sweeps are asked for.</param>
    /// <param name="table">The layer rules.</param>
    /// <param name="isForReverse">Whether reverse sweeps are to follow.</param>
    /// <exception cref="CurvatureException">A layer or the loss has no rule.</exception>
    public Linearization(EmpiricalRisk risk, CurvatureMatrix matrix, OperationTable table, bool isForReverse = false)
    {
        ArgumentNullException.ThrowIfNull(risk);
        Risk = risk;
        _samples = risk.SampleCount;
        (_secondOrder, _isForReverse) = (matrix == CurvatureMatrix.Hessian, isForReverse);
        _graph = table.Graph(risk.Model);
        _readers = _graph.Readers();
        _operations = [.. _graph.Nodes.Select(node => node.Operation(_samples))];
        try
        {
            _loss = Pass();
        }
        catch
        {
            Release();
            throw;
        }
    }

    /// <summary>The risk.</summary>
    public EmpiricalRisk Risk { get; }

    /// <summary>N.</summary>
    public long SampleCount => _samples;

    /// <summary>The model's graph.</summary>
    public ModelGraph Graph => _graph;

    /// <summary>Where samples meet parameters.</summary>
    /// <exception cref="NoLayerRuleException">Something that is made of parameters has samples elsewhere than in its first dimension.</exception>
    public SampleFlow Flow => _flow ??= new SampleFlow(_graph, _samples);

    /// <summary>All operations, each after those whose results it takes.</summary>
    public IReadOnlyList<Operation> Operations => _operations;

    /// <summary>Why a method was taken, and which operations in it libtorch differentiates, since they have no rule.</summary>
    internal string Reason(string reason)
    {
        string[] names = [.. _operations.Where(operation => operation is { IsByLibTorch: true, LaneSize: > 0 }).Select(operation => operation.Name)];
        string named = string.Join(", ", names.Take(MostNamed)) + (names.Length > MostNamed ? $" and {names.Length - MostNamed} more" : "");
        return names.Length == 0 ? reason : $"{reason}; libtorch differentiates what has no rule: {named}";
    }

    /// <summary>What can be drawn at the operations where parameters act, and where: of parameters that one operation takes.</summary>
    /// <param name="axes">Where the samples are: most rules have them in the first dimension, one row each.</param>
    public IEnumerable<(int Node, OutputDraw Draw)> OutputDraws(SampleAxes axes)
    {
        var uses = _graph.Nodes.SelectMany(node => node.Operands).OfType<GraphTensor>().Where(leaf => leaf.Varies).ToLookup(leaf => leaf.Tensor.Handle);
        foreach (var node in _graph.Nodes.Where(node => Flow.IsMeeting(node.Index)))
        {
            var (operation, axis) = (_operations[node.Index], axes.At(node));
            if (operation is not LinearOperation && (axis is not { Dimension: 0, IsMinor: false } || operation.Shape[0] != _samples)) continue;
            Tensor?[] parameters = [.. node.Operands.Select(
                operand => operand is GraphTensor { Varies: true } leaf && uses[leaf.Tensor.Handle].Count() == 1 ? leaf.Tensor : null)];
            if (parameters.All(parameter => parameter is null)) continue;
            foreach (var draw in operation.OutputDraws(parameters, axis)) yield return (node.Index, draw);
        }
    }

    /// <summary>The values of a node's operands, where samples meet parameters and reverse sweeps are to follow.</summary>
    public IReadOnlyList<Tensor> OperandsOf(int node) => _operands[node];

    /// <summary>
    /// The parameters along which the model bends, by their handles: along the others it is piecewise linear, so that their part of
    /// the Hessian's diagonal is that of the GGN.
    /// </summary>
    public IReadOnlySet<IntPtr> BentParameters()
    {
        var parameters = new IReadOnlySet<IntPtr>[_operations.Length];
        var none = new HashSet<IntPtr>();
        var bent = new HashSet<IntPtr>();
        foreach (var node in _graph.Nodes)
        {
            parameters[node.Index] = none;
            var operation = _operations[node.Index];
            if (operation.LaneSize == 0) continue;
            IReadOnlySet<IntPtr>[] ofOperands = [.. node.Operands.Select(operand => operand switch
            {
                GraphNode child => parameters[child.Index],
                GraphTensor { Varies: true } leaf => new HashSet<IntPtr> { leaf.Tensor.Handle },
                _ => none,
            })];
            var all = ofOperands.SelectMany(some => some).ToHashSet();
            parameters[node.Index] = all;
            if (!operation.IsPiecewiseLinear(ofOperands)) bent.UnionWith(all.Where(one => !bent.Contains(one) && !operation.IsPiecewiseLinear(Only(one, ofOperands))));
        }

        return bent;

        IReadOnlySet<IntPtr>[] Only(IntPtr one, IReadOnlySet<IntPtr>[] ofOperands) =>
            [.. ofOperands.Select(some => some.Contains(one) ? new HashSet<IntPtr> { one } : none)];
    }

    /// <summary>
    /// Whether the model's own curvature along what is drawn at an operation is a sum of squares of the numbers drawn, none of which
    /// meets another: up to every bend the tangent passes through operations on each number for itself alone.
    /// </summary>
    /// <param name="node">Where it is drawn.</param>
    /// <param name="draw">What.</param>
    public bool CurvesEachNumberAlone(int node, OutputDraw draw)
    {
        if (!draw.IsEachAlone) return false;
        var reached = new Dictionary<int, bool> { [node] = true };
        IReadOnlySet<IntPtr> none = new HashSet<IntPtr>(), drawn = new HashSet<IntPtr> { IntPtr.Zero };
        foreach (var next in _graph.Nodes.Skip(node + 1))
        {
            bool Depends(GraphValue operand) => operand is GraphNode child && reached.ContainsKey(child.Index);
            if (!next.Operands.Any(Depends)) continue;
            var operation = _operations[next.Index];
            bool isAlone = operation.IsElementwise && reached[((GraphNode)next.Operands[0]).Index];
            if (!isAlone && !operation.IsPiecewiseLinear([.. next.Operands.Select(operand => Depends(operand) ? drawn : none)])) return false;
            reached[next.Index] = isAlone;
        }

        return true;
    }

    internal static NoLayerRuleException NotInOrder(string name) =>
        new($"{name} does not count the samples in its first dimension, so the samples cannot be separated.");

    /// <summary>S r with a root of the loss's second derivative at the output, S Sᵀ = ∇²ℓ, for use inside the current scope.</summary>
    /// <param name="numbers">r, <c>[P, J, N]</c>.</param>
    /// <returns><c>[P, *output]</c>.</returns>
    public Tensor LossRoot(Tensor numbers) =>
        _loss.Root(numbers.transpose(1, 2).reshape([numbers.shape[0], .. _output])) ?? throw NoRoot();

    /// <summary>How many numbers the model's output has for each sample.</summary>
    public int OutputSize => checked((int)(_output.Aggregate(1L, (a, b) => a * b) / _samples));

    private NoLayerRuleException NoRoot() => new($"{Risk.Loss.GetType().Name} does not implement LossCurvature.Root, a root of its second derivative.");

    /// <summary>vᵀHv of each lane, <c>[P]</c>, for probes in parameter space.</summary>
    /// <param name="lanes">P.</param>
    /// <param name="probes">The probes of each parameter, by its handle; zero for the others.</param>
    public Tensor QuadraticForms(int lanes, IReadOnlyDictionary<IntPtr, BlockProbes> probes) =>
        Run(new Sweep(lanes, _samples, probes, _secondOrder)) ?? zeros([lanes], Risk.Dtype, Risk.Device);

    /// <summary>The quadratic form of each lane and each sample, <c>[P, N]</c>, for tangents drawn at operations.</summary>
    /// <param name="lanes">P.</param>
    /// <param name="drawn">What is drawn at an operation's result, <c>[P, *shape]</c>; null for nothing.</param>
    /// <param name="own">Probes of parameters for each sample by itself, <c>[P·N, *shape]</c>, by the parameter's handle.</param>
    /// <param name="axes">Where the samples are.</param>
    /// <param name="withLoss">Whether the loss's curvature counts, żᵀ ∇²ℓ ż, beside the model's own.</param>
    public Tensor QuadraticForms(
        int lanes, Func<Operation, Tensor?> drawn, IReadOnlyDictionary<IntPtr, BlockProbes> own, SampleAxes axes, bool withLoss) =>
        Run(new Sweep(lanes, _samples, drawn, _secondOrder, own), withLoss, axes) ?? zeros([lanes, _samples], Risk.Dtype, Risk.Device);

    /// <inheritdoc/>
    public void Dispose()
    {
        Release();
        _loss.Dispose();
    }

    private void Release()
    {
        foreach (var operation in _operations) operation.Dispose();
        foreach (var operand in _operands.Values.SelectMany(operands => operands)) operand.Dispose();
    }

    private Tensor? Run(Sweep sweep, bool withLoss = true, SampleAxes? axes = null)
    {
        var tangents = new Tensor?[_graph.Nodes.Count];
        int[] readers = [.. _readers];
        foreach (var node in _graph.Nodes)
        {
            var operation = _operations[node.Index];
            if (operation.LaneSize == 0) continue;
            var (operands, tangent) = TangentOf(node, tangents, sweep, axes);
            if (sweep.DrawnAt(operation) is { } drawn)
            {
                var before = tangent;
                tangent = before is null ? drawn : before.Plus(drawn);
                if (before is not null && !operands.Has(before)) before.Dispose();
            }

            // A node whose tangent is its operand's gets a handle of its own, which is disposed of for itself.
            tangents[node.Index] = operands.Has(tangent) ? tangent!.alias() : tangent;
            foreach (var read in node.Operands.OfType<GraphNode>())
            {
                // Given back while it is still in the cache.
                if (--readers[read.Index] == 0) tangents[read.Index]?.Dispose();
            }
        }

        sweep.Axis = new SampleAxis(_samples);
        if (withLoss && _graph.Output is GraphNode output && tangents[output.Index] is { } last) _loss.AddTo(sweep, last);
        if (sweep.OfSamples?.Sum is { } shared) sweep.Add(shared.view(sweep.LaneCount, _samples).Times(1.0 / _samples));
        return sweep.Sum;
    }

    private (Tangents Operands, Tensor? Tangent) TangentOf(GraphNode node, Tensor?[] tangents, Sweep sweep, SampleAxes? axes)
    {
        var operation = _operations[node.Index];
        if (axes is not null && Flow.HasSamples(node) && operation.IsCurved) sweep.Axis = axes.At(node);
        if (sweep.OfSamples is { } ofSamples)
        {
            if (Flow.IsShared(node)) sweep = ofSamples;
            else if (Flow.IsMeeting(node.Index))
            {
                var own = new Tangents(node.Operands, tangents, ofSamples);
                bool[] isOwn = [.. node.Operands.Select((operand, i) => Flow.IsShared(operand) && own[i] is not null)];
                if (isOwn.Contains(true))
                {
                    var others = new Tangents(node.Operands, tangents, sweep);
                    Tensor?[] all = [.. isOwn.Select((one, i) => one ? own[i]!.unflatten(0, sweep.LaneCount, _samples) : others[i])];
                    return (others, operation.SampleTangent(new Tangents(all, isOwn), sweep, axes!.At(node)));
                }
            }
        }

        var operands = new Tangents(node.Operands, tangents, sweep);
        return (operands, operands.AreZero ? null : operation.Tangent(operands, sweep));
    }

    private LossCurvature Pass()
    {
        using var scope = NewDisposeScope();
        Tensor output, loss;
        var results = new Tensor[_operations.Length];
        using (enable_grad())
        {
            output = Risk.ForwardModel(inputs => Forward(inputs, results));
            loss = Risk.ForwardLoss(output);
        }

        int[] curved = [.. Enumerable.Range(0, results.Length).Where(i => results[i].requires_grad && _operations[i].IsCurved)];
        var adjoints = _secondOrder && curved.Length > 0 ? Autograd.Gradients([loss], [.. curved.Select(i => results[i])]) : [];
        using var noGrad = no_grad();
        for (int i = 0; i < adjoints.Length; i++) _operations[curved[i]].Adjoint = adjoints[i];
        for (int i = 0; i < results.Length; i++)
        {
            if (results[i].requires_grad) _operations[i].Prepare();
            _operations[i].Adjoint = null;
        }

        _output = output.shape;
        return Risk.Loss.Linearize(output.detach(), Risk.Targets)
            ?? throw new NoLayerRuleException(
                $"{Risk.Loss.GetType().Name} does not implement Loss.Linearize, its second derivative, which "
                + "the methods quadratic and hmp need.");
    }

    private Tensor Forward(ModelInputs inputs, Tensor[] results)
    {
        foreach (var node in _graph.Nodes)
        {
            Tensor[] operands = [.. node.Operands.Select(value => ModelGraph.TensorOf(value, inputs, results))];
            var result = results[node.Index] = _operations[node.Index].Run(operands);
            if (_isForReverse && result.requires_grad && Flow.IsMeeting(node.Index))
                _operands[node.Index] = [.. operands.Select(operand => operand.detach().DetachFromDisposeScope())];
        }

        return ModelGraph.TensorOf(_graph.Output, inputs, results);
    }
}
