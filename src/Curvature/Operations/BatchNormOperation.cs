using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Sweeps;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operations;

/// <summary>
/// <c>batch_norm</c> in evaluation mode, y = γ x̂ + β with x̂ = (a − μ)/σ of fixed μ and σ: tangent
/// (γ/σ) ȧ + v_γ x̂ + v_β, second-order term 2 ⟨λ, v_γ ȧ/σ⟩. Operands a <c>[N, C, …]</c> and, where there are, γ and β.
/// </summary>
/// <param name="mean">μ, <c>[C]</c>, its owner's.</param>
/// <param name="variance">σ² without ε, <c>[C]</c>, its owner's.</param>
/// <param name="epsilon">ε.</param>
internal sealed class BatchNormOperation(Tensor mean, Tensor variance, double epsilon) : Operation
{
    private const int Input = 0, Scale = 1, Shift = 2;

    private LaneLayout _layout;
    private Tensor? _input;
    private Tensor? _gamma;
    private Tensor? _normalized;
    private Tensor? _slope;
    private SharedTensor? _whole;
    private SharedTensor? _adjoint;

    /// <inheritdoc/>
    protected internal override Tensor Value(IReadOnlyList<Tensor> operands) => nn.functional.batch_norm(
        operands[Input], mean, variance, operands.Count > Scale ? operands[Scale] : null,
        operands.Count > Shift ? operands[Shift] : null, training: false, eps: epsilon);

    /// <inheritdoc/>
    protected override void Remember(IReadOnlyList<Tensor> operands, Tensor result)
    {
        _input = Keep(operands[Input].detach());
        _layout = _input.dim() == 2 ? LaneLayout.SamplesLast : LaneLayout.SamplesFirst;
        _gamma = operands.Count > Scale ? Keep(operands[Scale].detach()) : null;
    }

    /// <inheritdoc/>
    protected internal override void Prepare()
    {
        var deviation = variance.detach().Plus(epsilon).rsqrt();
        var inverse = Channels(deviation);
        _normalized = Keep((Lanes.Shared(_layout, _input!) - Channels(mean.detach())) * inverse);
        _slope = Keep(_gamma is null ? inverse.alias() : Channels(_gamma) * inverse);
        _whole = Share(_layout == LaneLayout.SamplesLast ? _normalized.t() : _normalized.squeeze(1));
        _adjoint = Adjoint is null ? null : Share(Adjoint * deviation.view([-1, .. Shape[2..].Select(_ => 1L)]));
    }

    /// <inheritdoc/>
    public override Tensor? Tangent(Tangents operands, Sweep sweep)
    {
        var inner = operands[Input] is { } given ? Lanes.In(_layout, given) : null;
        var scale = operands.Count > Scale && operands[Scale] is { } scales ? Spread(scales) : null;
        var shift = operands.Count > Shift && operands[Shift] is { } shifts ? Spread(shifts) : null;
        if (scale is not null && inner is not null && sweep.SecondOrder && _adjoint is not null)
            sweep.AddProduct(Logical(scale * inner), _adjoint, factor: 2);

        // Of the operands of an elementwise operation of libtorch's, one at most may be broadcast, or it takes numbers one by one.
        var tangent = inner is null ? null : inner * _slope!;
        if (scale is not null) tangent = tangent is null ? scale * _normalized! : tangent.PlusProductInPlace(_normalized!, scale);
        if (shift is not null) tangent = tangent is null ? shift.expand_as(shift * _normalized!).contiguous() : tangent.PlusInPlace(shift);
        return tangent is null ? null : Logical(tangent);
    }

    /// <inheritdoc/>
    protected internal override Tensor? Pullback(int operand, Tensor adjoints) => operand != Input
        ? base.Pullback(operand, adjoints)
        : Logical(Lanes.In(_layout, adjoints) * _slope!);

    /// <inheritdoc/>
    internal override SampleGradients? Gradients(int operand, Tensor adjoints, SampleAxis axis)
    {
        if (operand == Input) return null;
        var given = operand == Scale ? adjoints * _whole!.For(adjoints) : adjoints;
        return new ExplicitGradients(axis.Reduced(given, [Shape[1], .. Shape[2..].Select(_ => 1L)]).flatten(2));
    }

    /// <inheritdoc/>
    internal override bool IsPiecewiseLinear(IReadOnlyList<IReadOnlySet<IntPtr>> parameters) => AreDisjoint(parameters);

    /// <inheritdoc/>
    internal override IEnumerable<OutputDraw> OutputDraws(IReadOnlyList<Tensor?> parameters, SampleAxis axis) => AffineDraws.Of(
        parameters.Count > Scale ? parameters[Scale] : null, parameters.Count > Shift ? parameters[Shift] : null,
        _whole!, shape => [1, .. shape, .. Shape[2..].Select(_ => 1L)]);

    private Tensor Logical(Tensor tangent) => Lanes.From(_layout, tangent, Shape);

    /// <summary>From <c>[C]</c> to what broadcasts with lanes.</summary>
    private Tensor Channels(Tensor values) => _layout == LaneLayout.SamplesLast
        ? values.unsqueeze(1)
        : values.view([values.shape[0], .. Shape[2..].Select(_ => 1L)]);

    /// <summary>From <c>[P, C]</c> to what broadcasts with lanes.</summary>
    private Tensor Spread(Tensor probes) => _layout == LaneLayout.SamplesLast
        ? probes.unsqueeze(-1)
        : probes.view([1, .. probes.shape, .. Shape[2..].Select(_ => 1L)]);
}
