using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Sweeps;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operations;

/// <summary>
/// A function φ of each number for itself: tangent φ'(z) ∘ ż, second-order term Σ λ ∘ φ''(z) ∘ ż². Both derivatives are
/// libtorch's own, of Σ φ(z), once and twice.
/// </summary>
/// <param name="function">φ; it may write to its argument.</param>
/// <param name="isPiecewiseLinear">Whether φ'' is zero without asking libtorch, which may not know it.</param>
internal sealed class ElementwiseOperation(Func<Tensor, Tensor> function, bool isPiecewiseLinear = false) : Operation
{
    private Tensor? _second;
    private SharedTensor? _slope;
    private SharedTensor? _curvature;

    /// <inheritdoc/>
    protected internal override bool IsCurved => !isPiecewiseLinear;

    /// <inheritdoc/>
    internal override bool IsElementwise => true;

    /// <inheritdoc/>
    protected internal override Tensor Value(IReadOnlyList<Tensor> operands) => function(operands[0].clone());

    /// <inheritdoc/>
    protected override void Remember(IReadOnlyList<Tensor> operands, Tensor result)
    {
        using var grad = enable_grad();
        var point = operands[0].detach().clone().requires_grad_();
        var value = function(point.clone());
        var first = Autograd.Gradients([value.sum()], [point], createGraph: !isPiecewiseLinear)[0];
        _second = first.requires_grad ? Keep(Autograd.Gradients([first.sum()], [point])[0]) : null;
        _slope = Share(first.detach());
    }

    /// <inheritdoc/>
    protected internal override void Prepare()
    {
        if (Adjoint is not null && _second is not null && _second.count_nonzero().item<long>() > 0)
            _curvature = Share(_second * Adjoint);
    }

    /// <inheritdoc/>
    public override Tensor? Tangent(Tangents operands, Sweep sweep)
    {
        var lanes = operands[0]!;
        if (sweep.SecondOrder && _curvature is not null) sweep.AddSquares(lanes, _curvature);
        return lanes * _slope!.For(lanes);
    }

    /// <inheritdoc/>
    protected internal override Tensor? Pullback(int operand, Tensor adjoints) => adjoints * _slope!.For(adjoints);
}

/// <summary>
/// A function f of several numbers at the same place, after broadcasting: tangent Σ_i f_i ż_i, second-order term
/// Σ_ij λ f_ij ż_i ż_j, with libtorch's own derivatives.
/// </summary>
/// <param name="function">f.</param>
internal sealed class BroadcastOperation(Func<IReadOnlyList<Tensor>, Tensor> function) : Operation
{
    private readonly Dictionary<int, SharedTensor> _slopes = [];
    private readonly Dictionary<(int, int), SharedTensor> _curvatures = [];
    private readonly Dictionary<(int, int), Tensor> _seconds = [];

    /// <inheritdoc/>
    protected internal override Tensor Value(IReadOnlyList<Tensor> operands) => function(operands);

    /// <inheritdoc/>
    protected override void Remember(IReadOnlyList<Tensor> operands, Tensor result)
    {
        int[] varying = [.. Enumerable.Range(0, operands.Count).Where(i => operands[i].requires_grad)];
        using var grad = enable_grad();
        Tensor[] points = [.. operands.Select(operand => operand.detach().expand(result.shape).contiguous())];
        foreach (int i in varying) points[i] = points[i].clone().requires_grad_();
        var first = Autograd.Gradients([function(points).sum()], [.. varying.Select(i => points[i])], createGraph: true);
        for (int i = 0; i < varying.Length; i++)
        {
            _slopes[varying[i]] = Share(first[i].detach());
            if (!first[i].requires_grad) continue;
            var second = Autograd.Gradients([first[i].sum()], [.. varying.Select(j => points[j])]);
            for (int j = i; j < varying.Length; j++) _seconds[(varying[i], varying[j])] = Keep(second[j]);
        }
    }

    /// <inheritdoc/>
    protected internal override void Prepare()
    {
        if (Adjoint is null) return;
        foreach (var (pair, second) in _seconds)
        {
            if (second.count_nonzero().item<long>() > 0) _curvatures[pair] = Share(second * Adjoint);
        }
    }

    /// <inheritdoc/>
    public override Tensor? Tangent(Tangents operands, Sweep sweep)
    {
        long[] shape = [sweep.LaneCount, .. Shape];
        var lanes = _slopes.Keys.Select(i => (Operand: i, Lanes: operands[i])).Where(pair => pair.Lanes is not null)
            .ToDictionary(pair => pair.Operand, pair => Lanes.Align(pair.Lanes!, Shape.Length).expand(shape));
        foreach (var ((i, j), curvature) in _curvatures)
        {
            if (!sweep.SecondOrder || !lanes.TryGetValue(i, out var one) || !lanes.TryGetValue(j, out var other)) continue;
            sweep.AddProduct(one * other, curvature, factor: i == j ? 1 : 2);
        }

        Tensor? sum = null;
        foreach (var (i, tangent) in lanes)
        {
            var term = tangent * _slopes[i].For(tangent);
            sum = sum is null ? term : sum.PlusInPlace(term);
        }

        return sum;
    }
}
