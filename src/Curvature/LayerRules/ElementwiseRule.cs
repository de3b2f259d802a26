using ActorHutch.Curvature.Operators;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.LayerRules;

/// <summary>
/// A function φ of each number for itself: tangent φ'(z) ∘ ż, second-order term Σ λ ∘ φ''(z) ∘ ż². Both derivatives are
/// libtorch's own, of Σ φ(z), once and twice.
/// </summary>
/// <param name="module">The layer.</param>
/// <param name="isPiecewiseLinear">Whether the second derivative is zero without asking libtorch, which may not know it.</param>
internal sealed class ElementwiseRule(nn.Module<Tensor, Tensor> module, bool isPiecewiseLinear = false) : LayerRule
{
    private readonly Dictionary<LaneLayout, (Tensor First, Tensor? Second)> _shared = [];
    private Tensor? _first;
    private Tensor? _second;

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor input)
    {
        // Modules with inplace: true would overwrite what the layer before has recorded.
        using (enable_grad())
        {
            var point = input.detach().clone().requires_grad_();
            var value = module.call(point.clone());
            _first = Autograd.Gradients([value.sum()], [point], createGraph: !isPiecewiseLinear)[0];
            _second = _first.requires_grad ? Autograd.Gradients([_first.sum()], [point])[0] : null;
            _first = Keep(_first.detach());
            if (_second is not null) Keep(_second);
        }

        return module.call(input.clone());
    }

    /// <inheritdoc/>
    protected internal override void Prepare()
    {
        if (OutputAdjoint is null || _second is null || _second.count_nonzero().item<long>() == 0) _second = null;
        else _second *= OutputAdjoint;
        foreach (var layout in Enum.GetValues<LaneLayout>())
        {
            var second = _second is null ? null : Keep(Lanes.Shared(_second, layout));
            _shared[layout] = (Keep(Lanes.Shared(_first!, layout)), second);
        }
    }

    /// <inheritdoc/>
    public override Lanes? Tangent(Lanes? input, Sweep sweep)
    {
        if (input is not { } lanes) return null;
        var (first, second) = _shared[lanes.Layout];
        if (sweep.SecondOrder && second is not null) sweep.AddSquares(lanes, second);
        return lanes with { Data = lanes.Data * first };
    }
}
