using ActorHutch.Curvature.Sweeps;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Graphs;

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
    private static readonly Dictionary<IntPtr, BlockProbes> None = [];

    private readonly IReadOnlyDictionary<IntPtr, BlockProbes> _probes;
    private readonly Func<Operation, Tensor?>? _drawn;
    private readonly bool _perSample;
    private readonly long _samples;

    /// <summary>A sweep with probes in parameter space.</summary>
    /// <param name="lanes">P.</param>
    /// <param name="samples">N.</param>
    /// <param name="probes">The probes of each parameter, by its handle; zero for the others.</param>
    /// <param name="secondOrder">Whether second-order terms count: true for the Hessian, false for the GGN.</param>
    internal Sweep(int lanes, long samples, IReadOnlyDictionary<IntPtr, BlockProbes> probes, bool secondOrder) =>
        (LaneCount, _samples, _probes, SecondOrder) = (lanes, samples, probes, secondOrder);

    /// <summary>A sweep whose lanes start at operations' results, with values that differ from sample to sample.</summary>
    /// <param name="lanes">P.</param>
    /// <param name="samples">N.</param>
    /// <param name="drawn">What is added to the tangent of an operation's result, <c>[P, *shape]</c>; null for nothing.</param>
    /// <param name="secondOrder">As above.</param>
    /// <param name="own">
    /// Probes of parameters for each sample by itself, <c>[P·N, *shape]</c>, by the parameter's handle; null where there are none.
    /// </param>
    internal Sweep(
        int lanes, long samples, Func<Operation, Tensor?> drawn, bool secondOrder, IReadOnlyDictionary<IntPtr, BlockProbes>? own = null)
        : this(lanes, samples, None, secondOrder)
    {
        (_drawn, _perSample, Axis) = (drawn, true, new SampleAxis(samples));
        if (own is { Count: > 0 }) OfSamples = new Sweep(checked((int)(lanes * samples)), samples, own, secondOrder);
    }

    /// <summary>A sweep of first derivatives alone, through one operation.</summary>
    /// <param name="lanes">P.</param>
    internal Sweep(int lanes)
        : this(lanes, 0, None, secondOrder: false)
    {
    }

    /// <summary>P.</summary>
    public int LaneCount { get; }

    /// <summary>Whether operations add their second-order terms.</summary>
    public bool SecondOrder { get; }

    /// <summary>
    /// What is made of parameters alone, where they have a probe for each sample: a lane for each lane of this sweep and each
    /// sample; null where they have none. Its second-order terms have the adjoints of all samples together, and their mean over the
    /// samples' probes is as unbiased as a sum of each sample's own.
    /// </summary>
    internal Sweep? OfSamples { get; }

    /// <summary>Where the samples are in the terms that are added next.</summary>
    internal SampleAxis Axis { get; set; }

    /// <summary>A sweep as this one, with a lane for each of its lanes and each sample.</summary>
    internal Sweep LaneBySample() => new(checked((int)(LaneCount * _samples)), _samples, _ => null, SecondOrder) { Axis = Axis };

    /// <summary>The sum so far: <c>[P]</c>, or <c>[P, N]</c> in output space; null before the first term.</summary>
    internal Tensor? Sum { get; private set; }

    /// <summary>A parameter's probes; null where they are zero.</summary>
    internal BlockProbes? Probes(Tensor parameter) => _probes.GetValueOrDefault(parameter.Handle);

    /// <summary>The tangent drawn at an operation's result; null where none is.</summary>
    internal Tensor? DrawnAt(Operation operation) => _drawn?.Invoke(operation);

    /// <summary>Adds Σ c ∘ x², summed over everything but the lanes and, where samples have probes of their own, the samples.</summary>
    /// <param name="lanes">x, <c>[P, *shape]</c>, with the operation's own dimensions up to the samples'.</param>
    /// <param name="coefficient">c, <c>[*shape]</c>.</param>
    public void AddSquares(Tensor lanes, SharedTensor coefficient)
    {
        using var squares = lanes.Squared();
        Add(Contract(squares, coefficient, mayWrite: _perSample));
    }

    /// <summary>Adds <paramref name="factor"/> · Σ c ∘ x, summed as above.</summary>
    /// <param name="lanes">x, as above.</param>
    /// <param name="coefficient">c, <c>[*shape]</c>.</param>
    /// <param name="factor">A constant factor.</param>
    public void AddProduct(Tensor lanes, SharedTensor coefficient, double factor)
    {
        var term = Contract(lanes, coefficient, mayWrite: false);
        Add(factor == 1 ? term : term.Times(factor));
    }

    /// <summary>Adds a term of each lane.</summary>
    /// <param name="term"><c>[P]</c>.</param>
    internal void Add(Tensor term) => Sum = Sum is null ? term : Sum.Plus(term);

    private Tensor Contract(Tensor lanes, SharedTensor coefficient, bool mayWrite)
    {
        if (lanes.dim() == 1) return lanes * coefficient.Value;
        if (_perSample && Axis is { Dimension: > 0 } or { IsMinor: true }) return Axis.Front(lanes * coefficient.Value, 1).flatten(2).sum(2);
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
            var products = mayWrite ? lanes.mul_(shared) : lanes * shared;
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
