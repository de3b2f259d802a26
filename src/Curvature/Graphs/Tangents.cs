using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Sweeps;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Graphs;

/// <summary>The tangents of one node's operands.</summary>
public readonly struct Tangents
{
    private readonly IReadOnlyList<GraphValue> _operands;
    private readonly Tensor?[] _ofNodes;
    private readonly Sweep? _sweep;
    private readonly Tensor?[]? _given;
    private readonly bool[]? _isOwn;

    internal Tangents(IReadOnlyList<GraphValue> operands, Tensor?[] ofNodes, Sweep sweep) =>
        (_operands, _ofNodes, _sweep) = (operands, ofNodes, sweep);

    /// <summary>One operand's tangents; those of the others are zero.</summary>
    /// <param name="count">How many operands there are.</param>
    /// <param name="operand">Whose.</param>
    /// <param name="tangents"><c>[P, *shape]</c>.</param>
    internal Tangents(int count, int operand, Tensor tangents)
    {
        (_operands, _ofNodes, _given) = ([], [], new Tensor?[count]);
        _given[operand] = tangents;
    }

    /// <summary>Tangents as they are.</summary>
    /// <param name="tangents">Of each operand; null for zero.</param>
    /// <param name="isOwn">Which of the operands have tangents of each sample's own, <c>[P, N, *shape]</c>; null for none.</param>
    internal Tangents(Tensor?[] tangents, bool[]? isOwn = null) => (_operands, _ofNodes, _given, _isOwn) = ([], [], tangents, isOwn);

    /// <summary>How many operands there are.</summary>
    public int Count => _given?.Length ?? _operands.Count;

    /// <summary>The tangents of an operand, <c>[P, *shape]</c>; null for zero. A parameter's are its probes.</summary>
    public Tensor? this[int operand] => _given is not null ? _given[operand] : _operands[operand] switch
    {
        GraphNode node => _ofNodes[node.Index],
        GraphTensor { Varies: true } leaf => _sweep!.Probes(leaf.Tensor)?.Numbers,
        _ => null,
    };

    /// <summary>Whether all of them are zero.</summary>
    internal bool AreZero
    {
        get
        {
            if (_given is not null) return Array.TrueForAll(_given, tangent => tangent is null);
            for (int i = 0; i < _operands.Count; i++)
            {
                if (_operands[i] is GraphNode node ? _ofNodes[node.Index] is not null : Probes(i) is not null) return false;
            }

            return true;
        }
    }

    /// <summary>Whether an operand's tangents are of each sample's own, <c>[P, N, *shape]</c>, for a value that all samples share.</summary>
    internal bool IsOwn(int operand) => _isOwn?[operand] == true;

    /// <summary>Whether a tensor is the tangent of an operand, by reference.</summary>
    internal bool Has(Tensor? tangent)
    {
        for (int i = 0; tangent is not null && i < _operands.Count; i++)
        {
            if (_operands[i] is GraphNode node && ReferenceEquals(_ofNodes[node.Index], tangent)) return true;
            if (Probes(i)?.Gave(tangent) == true) return true;
        }

        return false;
    }

    /// <summary>The probes of an operand that is a parameter, as packed signs; null where there are none.</summary>
    internal PackedSigns? Signs(int operand) => Probes(operand)?.Signs;

    private BlockProbes? Probes(int operand) =>
        _given is null && _operands[operand] is GraphTensor { Varies: true } leaf ? _sweep!.Probes(leaf.Tensor) : null;
}
