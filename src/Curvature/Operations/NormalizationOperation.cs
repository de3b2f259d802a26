using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Sweeps;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operations;

/// <summary>
/// <c>layer_norm</c>, <c>group_norm</c>, <c>instance_norm</c>: y = γ ∘ x̂ + β with x̂ = (a − mean)/σ, σ² = mean((a − mean)²) + ε
/// over some dimensions of each sample. Operands a and, where there are, γ and β.
/// </summary>
/// <remarks>
/// With c = ȧ − mean(ȧ) and r = mean(x̂ c), σ̇ = r and σ̈ = (mean(c²) − r²)/σ, so the first derivative of x̂ along the tangent is
/// (c − x̂ r)/σ, and the second (x̂ (3 r² − mean(c²)) − 2 r c)/σ². Of the latter's product with g = γ ∘ λ only sums over the
/// dimensions are needed: ⟨g, x̂⟩, which no lane changes, and ⟨g, c⟩. γ's part of the second-order term is 2 ⟨λ, v_γ ∘ ẋ̂⟩.
/// </remarks>
/// <param name="function">libtorch's own operation.</param>
/// <param name="groups">From a value's shape to the shape whose last dimension is normalised over.</param>
/// <param name="affine">From γ's or β's shape to what broadcasts with the value.</param>
/// <param name="epsilon">ε.</param>
internal sealed class NormalizationOperation(
    Func<IReadOnlyList<Tensor>, Tensor> function, Func<long[], long[]> groups, Func<long[], long[]> affine, double epsilon)
    : Operation
{
    private const int Input = 0, Scale = 1, Shift = 2;

    private Tensor? _input;
    private Tensor? _gamma;
    private SharedTensor? _normalized;
    private SharedTensor? _whole;
    private SharedTensor? _slope;
    private SharedTensor? _adjoint;
    private SharedTensor? _scaled;
    private Tensor? _inverse;
    private SharedTensor? _product;
    private SharedTensor? _inverseSquared;

    /// <inheritdoc/>
    protected internal override Tensor Value(IReadOnlyList<Tensor> operands) => function(operands);

    /// <inheritdoc/>
    protected override void Remember(IReadOnlyList<Tensor> operands, Tensor result)
    {
        _input = Keep(operands[Input].detach());
        _gamma = operands.Count > Scale ? Keep(operands[Scale].detach()) : null;
    }

    /// <inheritdoc/>
    protected internal override void Prepare()
    {
        var grouped = _input!.reshape(groups(Shape));
        var centred = grouped - grouped.mean([-1], keepdim: true);
        _inverse = Keep(centred.Squared().mean([-1], keepdim: true).Plus(epsilon).rsqrt());
        var normalized = centred * _inverse;
        _normalized = Share(normalized);
        _whole = Share(normalized.reshape(Shape));
        _slope = _gamma is null ? null : Share(Broadcast(_gamma).expand(Shape));
        if (Adjoint is null) return;
        _adjoint = Share(Adjoint);
        var scaled = (_gamma is null ? Adjoint : Adjoint * Broadcast(_gamma)).reshape(groups(Shape));
        _scaled = Share(scaled);
        _inverseSquared = Share(_inverse.Squared());
        _product = Share((scaled * normalized).sum(-1, keepdim: true) * _inverse.Squared());
    }

    /// <inheritdoc/>
    public override Tensor? Tangent(Tangents operands, Sweep sweep)
    {
        long[] shape = [sweep.LaneCount, .. Shape], grouped = [sweep.LaneCount, .. groups(Shape)];
        var first = operands[Input] is { } given ? Derivative(given.reshape(grouped), sweep).reshape(shape) : null;
        var scale = operands.Count > Scale && operands[Scale] is { } scales ? BroadcastLanes(scales) : null;
        var shift = operands.Count > Shift && operands[Shift] is { } shifts ? BroadcastLanes(shifts) : null;
        if (first is not null && scale is not null && sweep.SecondOrder && _adjoint is not null)
            sweep.AddProduct(first * scale, _adjoint, factor: 2);

        var tangent = first is null || _slope is null ? first : first * _slope.For(first);
        if (scale is not null)
        {
            var whole = tangent is null ? _whole!.Value : _whole!.For(tangent);
            tangent = tangent is null ? scale * whole : tangent.PlusProduct(scale, whole);
        }

        return shift is null ? tangent : tangent is null ? shift.expand(shape) : tangent.Plus(shift);
    }

    /// <summary>ẋ̂ of lanes <c>[P, …]</c> in groups; adds what x̂ has for a second derivative.</summary>
    private Tensor Derivative(Tensor lanes, Sweep sweep)
    {
        var normalized = _normalized!.For(lanes);
        var centred = lanes - lanes.mean([-1], keepdim: true);
        var rate = (centred * normalized).mean([-1], keepdim: true);
        if (sweep.SecondOrder && _scaled is not null)
        {
            var turned = (centred * _scaled.For(centred)).sum(-1, keepdim: true) * rate;
            sweep.AddProduct(turned, _inverseSquared!, factor: -2);
            sweep.AddProduct(rate.Squared().Times(3) - centred.Squared().mean([-1], keepdim: true), _product!, factor: 1);
        }

        return (centred - normalized * rate) * _inverse!;
    }

    /// <inheritdoc/>
    protected internal override Tensor? Pullback(int operand, Tensor adjoints)
    {
        if (operand != Input) return base.Pullback(operand, adjoints);
        // ẋ̂ of a tangent takes the mean and the part along x̂ out of it, and so does its transpose.
        var scaled = (_slope is null ? adjoints : adjoints * _slope.For(adjoints)).reshape([adjoints.shape[0], .. groups(Shape)]);
        var normalized = _normalized!.For(scaled);
        var centred = scaled - scaled.mean([-1], keepdim: true);
        var along = (scaled * normalized).mean([-1], keepdim: true);
        return ((centred - normalized * along) * _inverse!).reshape([adjoints.shape[0], .. Shape]);
    }

    /// <inheritdoc/>
    internal override SampleGradients? Gradients(int operand, Tensor adjoints, SampleAxis axis)
    {
        if (operand == Input) return null;
        var given = operand == Scale ? adjoints * _whole!.For(adjoints) : adjoints;
        return new ExplicitGradients(axis.Reduced(given, affine(OperandShapes[operand])).reshape([given.shape[0], axis.Samples, .. OperandShapes[operand]]));
    }

    /// <inheritdoc/>
    internal override bool IsPiecewiseLinear(IReadOnlyList<IReadOnlySet<IntPtr>> parameters) => parameters[Input].Count == 0;

    /// <inheritdoc/>
    internal override IEnumerable<OutputDraw> OutputDraws(IReadOnlyList<Tensor?> parameters, SampleAxis axis) => AffineDraws.Of(
        parameters.Count > Scale ? parameters[Scale] : null, parameters.Count > Shift ? parameters[Shift] : null,
        _whole!, affine);

    private Tensor Broadcast(Tensor parameter) => parameter.view(affine(parameter.shape));

    private Tensor BroadcastLanes(Tensor probes) =>
        Lanes.Align(probes.view([probes.shape[0], .. affine(probes.shape[1..])]), Shape.Length);
}
