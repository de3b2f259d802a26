using ActorHutch.Curvature.Probes;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.LayerRules;

/// <summary>
/// One forward sweep of P lanes through the model: what the probes are, and the sum of the second-order terms met on
/// the way. Layer rules read the one and add to the other.
/// </summary>
/// <remarks>
/// With dots for derivatives along θ + t·v, the sweep adds up
/// vᵀHv = d²L/dt² = żᵀ ∇²ℓ(z) ż + Σ_l ⟨λ_l, D²f_l[(ȧ_{l−1}, v_l), (ȧ_{l−1}, v_l)]⟩,
/// where λ_l = ∂L/∂a_l does not depend on the probe. All of it is differentiable in the probes, and
/// ½ ∂(vᵀHv)/∂v = Hv: that is how Hessian-matrix products come from the same rules.
/// </remarks>
public sealed class Sweep
{
    private readonly Func<Parameter, Tensor?> _probe;
    private readonly Func<Parameter, PackedSigns?>? _signs;
    private readonly LayerRule? _drawnAt;
    private readonly Lanes? _drawn;
    private readonly bool _perSample;
    private readonly long _samples;

    /// <summary>A sweep with probes in parameter space.</summary>
    /// <param name="lanes">P.</param>
    /// <param name="samples">N.</param>
    /// <param name="probe">A parameter's probes <c>[P, *shape]</c>; null where they are zero.</param>
    /// <param name="secondOrder">Whether the layers' second-order terms count: true for the Hessian, false for the GGN.</param>
    /// <param name="signs">The same probes packed, where there are such.</param>
    internal Sweep(
        int lanes, long samples, Func<Parameter, Tensor?> probe, bool secondOrder,
        Func<Parameter, PackedSigns?>? signs = null)
    {
        (LaneCount, _samples, _probe, SecondOrder, _signs) = (lanes, samples, probe, secondOrder, signs);
    }

    /// <summary>A sweep whose lanes start at a layer's output, with values that differ from sample to sample.</summary>
    /// <param name="lanes">P.</param>
    /// <param name="samples">N.</param>
    /// <param name="drawnAt">The layer.</param>
    /// <param name="drawn">The tangent of its output.</param>
    /// <param name="secondOrder">As above.</param>
    internal Sweep(int lanes, long samples, LayerRule drawnAt, Lanes drawn, bool secondOrder)
        : this(lanes, samples, _ => null, secondOrder)
    {
        (_drawnAt, _drawn, _perSample) = (drawnAt, drawn, true);
    }

    /// <summary>P.</summary>
    public int LaneCount { get; }

    /// <summary>Whether layers add their second-order terms.</summary>
    public bool SecondOrder { get; }

    /// <summary>The sum so far: <c>[P]</c>, or <c>[P, N]</c> in output space; null before the first term.</summary>
    internal Tensor? Sum { get; private set; }

    /// <summary>A parameter's probes <c>[P, *shape]</c>; null where there are none.</summary>
    public Tensor? Probe(Parameter? parameter) => parameter is null ? null : _probe(parameter);

    /// <summary>The same as packed signs, for whom these are enough; null where there are none.</summary>
    internal PackedSigns? Signs(Parameter? parameter) => parameter is null ? null : _signs?.Invoke(parameter);

    /// <summary>The tangent drawn at a layer's output, where this sweep starts there.</summary>
    internal Lanes? DrawnAt(LayerRule rule) => ReferenceEquals(rule, _drawnAt) ? _drawn : null;

    /// <summary>Adds Σ c ∘ x², summed over everything but the lanes.</summary>
    /// <param name="lanes">x.</param>
    /// <param name="coefficient">c, as <see cref="Lanes.Shared"/> gives it.</param>
    public void AddSquares(Lanes lanes, Tensor coefficient)
    {
        using var squares = lanes.Data.Squared();
        Add(lanes.Layout == LaneLayout.SamplesLast && _perSample
            ? PerSample(squares.mul_(coefficient))
            : Contract(squares, lanes.Layout, coefficient));
    }

    /// <summary>Adds <paramref name="factor"/> · Σ c ∘ x, summed over everything but the lanes.</summary>
    /// <param name="lanes">x.</param>
    /// <param name="coefficient">c, as <see cref="Lanes.Shared"/> gives it.</param>
    /// <param name="factor">A constant factor.</param>
    public void AddProduct(Lanes lanes, Tensor coefficient, double factor)
    {
        var term = Contract(lanes.Data, lanes.Layout, coefficient);
        Add(factor == 1 ? term : term.Times(factor));
    }

    private Tensor Contract(Tensor data, LaneLayout layout, Tensor coefficient)
    {
        if (layout == LaneLayout.SamplesLast)
        {
            // [P, C, M] with [C, M]
            if (_perSample) return PerSample(data * coefficient);
            return data.reshape(LaneCount, -1).mv(coefficient.expand(data.shape[1], data.shape[2]).reshape(-1));
        }

        // [N, P, F] with [N, 1, F]
        var flat = data.reshape(_samples, LaneCount, -1);
        var column = coefficient.expand([.. coefficient.shape[..2], .. data.shape[2..]])
            .reshape(coefficient.shape[0], 1, -1).expand(_samples, 1, -1).transpose(1, 2);
        var perSample = flat.bmm(column).squeeze(-1).t();
        return _perSample ? perSample : perSample.sum(1);
    }

    /// <summary>From <c>[P, C, M]</c> to <c>[P, N]</c>.</summary>
    private Tensor PerSample(Tensor products)
    {
        var columns = products.sum(1);
        return columns.shape[1] == _samples ? columns : columns.view(LaneCount, _samples, -1).sum(2);
    }

    private void Add(Tensor term) => Sum = Sum is null ? term : Sum.Plus(term);
}
