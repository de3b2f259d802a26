using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Probes;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Sweeps;

/// <summary>The tangents of one node's operands.</summary>
public readonly struct Tangents
{
    private readonly IReadOnlyList<GraphValue> _operands;
    private readonly Tensor?[] _ofNodes;
    private readonly Sweep _sweep;

    internal Tangents(IReadOnlyList<GraphValue> operands, Tensor?[] ofNodes, Sweep sweep) =>
        (_operands, _ofNodes, _sweep) = (operands, ofNodes, sweep);

    /// <summary>How many operands there are.</summary>
    public int Count => _operands.Count;

    /// <summary>The tangents of an operand, <c>[P, *shape]</c>; null for zero. A parameter's are its probes.</summary>
    public Tensor? this[int operand] => _operands[operand] switch
    {
        GraphNode node => _ofNodes[node.Index],
        GraphTensor { Varies: true } leaf => _sweep.Probe(leaf.Tensor),
        _ => null,
    };

    /// <summary>Whether all of them are zero.</summary>
    internal bool AreZero
    {
        get
        {
            for (int i = 0; i < _operands.Count; i++)
            {
                // Packed signs are there before the same probes as numbers are made.
                if (_operands[i] is GraphNode node ? _ofNodes[node.Index] is not null : Signs(i) is not null || this[i] is not null)
                    return false;
            }

            return true;
        }
    }

    /// <summary>Whether a tensor is the tangent of an operand, by reference.</summary>
    internal bool Has(Tensor? tangent)
    {
        for (int i = 0; tangent is not null && i < _operands.Count; i++)
        {
            if (_operands[i] is GraphNode node && ReferenceEquals(_ofNodes[node.Index], tangent)) return true;
            if (_operands[i] is GraphTensor { Varies: true } && ReferenceEquals(this[i], tangent)) return true;
        }

        return false;
    }

    /// <summary>The probes of an operand that is a parameter, as packed signs; null where there are none.</summary>
    internal PackedSigns? Signs(int operand) =>
        _operands[operand] is GraphTensor { Varies: true } leaf ? _sweep.Signs(leaf.Tensor) : null;
}
