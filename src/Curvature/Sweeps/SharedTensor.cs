using static TorchSharp.torch;

namespace ActorHutch.Curvature.Sweeps;

/// <summary>
/// A tensor that all lanes share, such as a derivative or an adjoint, kept in each order of dimensions in which lanes meet
/// it: an operation on both then walks through memory from one end to the other.
/// </summary>
/// <param name="value">The value; kept until this is disposed of.</param>
public sealed class SharedTensor(Tensor value) : TensorOwner
{
    private readonly Tensor _value = value.contiguous().DetachFromDisposeScope();
    private readonly Dictionary<string, Tensor> _ordered = [];

    /// <summary>The value as it was given.</summary>
    public Tensor Value => _value;

    /// <summary>The value, <c>[*shape]</c>, in the order of the lanes that it is used with.</summary>
    /// <param name="lanes"><c>[P, *shape]</c>, or of a shape that broadcasts with it.</param>
    public Tensor For(Tensor lanes)
    {
        if (lanes.is_contiguous() || lanes.dim() != _value.dim() + 1) return _value;

        long[] order = [.. Lanes.Order(lanes, first: 1).Select(d => d - 1)];
        if (IsSorted(order)) return _value;
        string key = string.Join(',', order);
        if (_ordered.TryGetValue(key, out var found)) return found;

        long[] back = new long[order.Length];
        for (int i = 0; i < order.Length; i++) back[order[i]] = i;
        return _ordered[key] = Keep(_value.permute(order).contiguous().permute(back));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _value.Dispose();
        base.Dispose(disposing);
    }

    private static bool IsSorted(long[] order)
    {
        for (int i = 1; i < order.Length; i++)
        {
            if (order[i] < order[i - 1]) return false;
        }

        return true;
    }
}
