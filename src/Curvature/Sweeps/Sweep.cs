using ActorHutch.Curvature.Operations;
using ActorHutch.Curvature.Probes;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Sweeps;

/// <summary>
/// One forward sweep of P lanes through the model: what the probes are, and the sum of the second-order terms met on
/// the way. Operations read the one and add to the other.
/// </summary>
/// <remarks>
/// With dots for derivatives along θ + t·v, the sweep adds up
/// vᵀHv = d²L/dt² = żᵀ ∇²ℓ(z) ż + Σ_k ⟨λ_k, D²f_k[(ȧ, v), (ȧ, v)]⟩ over the operations k of the model,
/// where λ_k = ∂L/∂(result of k) does not depend on the probe. All of it is differentiable in the probes, and
/// ½ ∂(vᵀHv)/∂v = Hv: that is how Hessian-matrix products come from the same rules.
/// </remarks>
public sealed class Sweep
{
    private readonly Func<Tensor, Tensor?> _probe;
    private readonly Func<Tensor, PackedSigns?>? _signs;
    private readonly Operation? _drawnAt;
    private readonly Tensor? _drawn;
    private readonly bool _perSample;
    private readonly long _samples;

    /// <summary>A sweep with probes in parameter space.</summary>
    /// <param name="lanes">P.</param>
    /// <param name="samples">N.</param>
    /// <param name="probe">A parameter's probes <c>[P, *shape]</c>; null where they are zero.</param>
    /// <param name="secondOrder">Whether second-order terms count: true for the Hessian, false for the GGN.</param>
    /// <param name="signs">The same probes packed, where there are such.</param>
    internal Sweep(
        int lanes, long samples, Func<Tensor, Tensor?> probe, bool secondOrder, Func<Tensor, PackedSigns?>? signs = null)
    {
        (LaneCount, _samples, _probe, SecondOrder, _signs) = (lanes, samples, probe, secondOrder, signs);
    }

    /// <summary>A sweep whose lanes start at an operation's result, with values that differ from sample to sample.</summary>
    /// <param name="lanes">P.</param>
    /// <param name="samples">N.</param>
    /// <param name="drawnAt">The operation.</param>
    /// <param name="drawn">The tangent of its result.</param>
    /// <param name="secondOrder">As above.</param>
    internal Sweep(int lanes, long samples, Operation drawnAt, Tensor drawn, bool secondOrder)
        : this(lanes, samples, _ => null, secondOrder)
    {
        (_drawnAt, _drawn, _perSample) = (drawnAt, drawn, true);
    }

    /// <summary>P.</summary>
    public int LaneCount { get; }

    /// <summary>Whether operations add their second-order terms.</summary>
    public bool SecondOrder { get; }

    /// <summary>The sum so far: <c>[P]</c>, or <c>[P, N]</c> in output space; null before the first term.</summary>
    internal Tensor? Sum { get; private set; }

    /// <summary>A parameter's probes <c>[P, *shape]</c>; null where there are none.</summary>
    internal Tensor? Probe(Tensor parameter) => _probe(parameter);

    /// <summary>The same as packed signs, for whom these are enough; null where there are none.</summary>
    internal PackedSigns? Signs(Tensor parameter) => _signs?.Invoke(parameter);

    /// <summary>The tangent drawn at an operation's result, where this sweep starts there.</summary>
    internal Tensor? DrawnAt(Operation operation) => ReferenceEquals(operation, _drawnAt) ? _drawn : null;

    /// <summary>Adds Σ c ∘ x², summed over everything but the lanes.</summary>
    /// <param name="lanes">x, <c>[P, *shape]</c>.</param>
    /// <param name="coefficient">c, <c>[*shape]</c>.</param>
    public void AddSquares(Tensor lanes, SharedTensor coefficient)
    {
        using var squares = lanes.Squared();
        AddProduct(squares, coefficient, 1);
    }

    /// <summary>Adds <paramref name="factor"/> · Σ c ∘ x, summed over everything but the lanes.</summary>
    /// <param name="lanes">x, <c>[P, *shape]</c>.</param>
    /// <param name="coefficient">c, <c>[*shape]</c>.</param>
    /// <param name="factor">A constant factor.</param>
    public void AddProduct(Tensor lanes, SharedTensor coefficient, double factor)
    {
        var term = Contract(lanes, coefficient);
        Add(factor == 1 ? term : term.Times(factor));
    }

    /// <summary>Adds a term of each lane.</summary>
    /// <param name="term"><c>[P]</c>.</param>
    internal void Add(Tensor term) => Sum = Sum is null ? term : Sum.Plus(term);

    private Tensor Contract(Tensor lanes, SharedTensor coefficient)
    {
        if (lanes.dim() == 1) return lanes * coefficient.Value;
        var turned = lanes.transpose(0, 1);
        if (turned.is_contiguous() && !lanes.is_contiguous())
        {
            // [N, P, F] with [N, F, 1]
            long outer = lanes.shape[1];
            var column = coefficient.Value.reshape([outer, -1, 1]);
            var perRow = turned.reshape([outer, LaneCount, -1]).bmm(column).squeeze(-1).t();
            return _perSample ? PerSample(perRow) : perRow.sum(1);
        }

        var shared = coefficient.For(lanes);
        if (_perSample)
        {
            var products = lanes * shared;
            return PerSample(products.dim() == 2 ? products : products.sum([.. Enumerable.Range(2, (int)products.dim() - 2).Select(d => (long)d)]));
        }

        long[] order = Lanes.Order(lanes, first: 1);
        var flat = lanes.permute([0, .. order]).reshape([LaneCount, -1]);
        return flat.mv(shared.permute([.. order.Select(d => d - 1)]).reshape(-1));
    }

    /// <summary>From <c>[P, k·N]</c>, the rows of one sample one after another, to <c>[P, N]</c>.</summary>
    private Tensor PerSample(Tensor rows) =>
        rows.shape[1] == _samples ? rows : rows.reshape([LaneCount, _samples, -1]).sum(2);
}
