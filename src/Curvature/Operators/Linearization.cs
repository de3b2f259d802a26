using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operations;
using ActorHutch.Curvature.Probes;
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

    /// <summary>Passes the batch through the model once.</summary>
    /// <exception cref="CurvatureException">A layer or the loss has no rule.</exception>
    public Linearization(EmpiricalRisk risk, CurvatureMatrix matrix, OperationTable table)
    {
        ArgumentNullException.ThrowIfNull(risk);
        Risk = risk;
        _samples = risk.SampleCount;
        _secondOrder = matrix == CurvatureMatrix.Hessian;
        _graph = table.Graph(risk.Model);
        _readers = _graph.Readers();
        _operations = [.. _graph.Nodes.Select(node => node.Operation(_samples))];
        try
        {
            _loss = Pass();
        }
        catch
        {
            foreach (var operation in _operations) operation.Dispose();
            throw;
        }
    }

    /// <summary>The risk.</summary>
    public EmpiricalRisk Risk { get; }

    /// <summary>All operations, each after those whose results it takes.</summary>
    public IReadOnlyList<Operation> Operations => _operations;

    /// <summary>Why a method was taken, and which operations in it libtorch differentiates, since they have no rule.</summary>
    internal string Reason(string reason)
    {
        string[] names = [.. _operations.Where(operation => operation is { IsByLibTorch: true, LaneSize: > 0 }).Select(operation => operation.Name)];
        string named = string.Join(", ", names.Take(MostNamed)) + (names.Length > MostNamed ? $" and {names.Length - MostNamed} more" : "");
        return names.Length == 0 ? reason : $"{reason}; libtorch differentiates what has no rule: {named}";
    }

    /// <summary>What can be drawn in output space, and where.</summary>
    public IEnumerable<(Operation Operation, OutputDraw Draw)> OutputDraws()
    {
        foreach (var node in _graph.Nodes)
        {
            Tensor?[] parameters = [.. node.Operands.Select(operand => operand is GraphTensor { Varies: true } leaf ? leaf.Tensor : null)];
            if (parameters.All(parameter => parameter is null)) continue;
            var operation = _operations[node.Index];
            foreach (var draw in operation.OutputDraws(parameters)) yield return (operation, draw);
        }
    }

    /// <summary>vᵀHv of each lane, <c>[P]</c>, for probes in parameter space.</summary>
    /// <param name="lanes">P.</param>
    /// <param name="probe">A parameter's probes; null for zero.</param>
    /// <param name="signs">The same probes packed, where there are such.</param>
    public Tensor QuadraticForms(int lanes, Func<Tensor, Tensor?> probe, Func<Tensor, PackedSigns?>? signs = null) =>
        Run(new Sweep(lanes, _samples, probe, _secondOrder, signs)) ?? zeros([lanes], Risk.Dtype, Risk.Device);

    /// <summary>The quadratic form of each lane and each sample, <c>[P, N]</c>, for a tangent drawn at one operation.</summary>
    public Tensor QuadraticForms(int lanes, Operation drawnAt, Tensor drawn) =>
        Run(new Sweep(lanes, _samples, drawnAt, drawn, _secondOrder)) ?? zeros([lanes, _samples], Risk.Dtype, Risk.Device);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var operation in _operations) operation.Dispose();
        _loss.Dispose();
    }

    private Tensor? Run(Sweep sweep)
    {
        var tangents = new Tensor?[_graph.Nodes.Count];
        int[] readers = [.. _readers];
        foreach (var node in _graph.Nodes)
        {
            var operation = _operations[node.Index];
            if (operation.LaneSize == 0) continue;
            var operands = new Tangents(node.Operands, tangents, sweep);
            var tangent = sweep.DrawnAt(operation) ?? (operands.AreZero ? null : operation.Tangent(operands, sweep));

            // A node whose tangent is its operand's gets a handle of its own, which is disposed of for itself.
            tangents[node.Index] = operands.Has(tangent) ? tangent!.alias() : tangent;
            foreach (var read in node.Operands.OfType<GraphNode>())
            {
                // Given back while it is still in the cache.
                if (--readers[read.Index] == 0) tangents[read.Index]?.Dispose();
            }
        }

        if (_graph.Output is GraphNode output && tangents[output.Index] is { } last) _loss.AddTo(sweep, last);
        return sweep.Sum;
    }

    private LossCurvature Pass()
    {
        using var scope = NewDisposeScope();
        Tensor output, loss;
        var results = new Tensor[_operations.Length];
        using (enable_grad())
        {
            output = Risk.ForwardModel(input => Forward(input, results));
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

        return Risk.Loss.Linearize(output.detach(), Risk.Targets)
            ?? throw new NoLayerRuleException(
                $"{Risk.Loss.GetType().Name} does not tell its second derivative (Loss.Linearize), which "
                + "the methods quadratic and hmp need.");
    }

    private Tensor Forward(Tensor input, Tensor[] results)
    {
        foreach (var node in _graph.Nodes)
            results[node.Index] = _operations[node.Index].Run([.. node.Operands.Select(Value)]);
        return Value(_graph.Output);

        Tensor Value(GraphValue value) => value switch
        {
            GraphNode node => results[node.Index],
            GraphTensor leaf => leaf.Tensor,
            _ => input,
        };
    }
}
