using ActorHutch.Curvature.Sweeps;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operations;

/// <summary>
/// <c>layer_norm</c>, <c>group_norm</c>, <c>instance_norm</c>: y = γ ∘ x̂ + β with x̂ = (a − mean)/σ, σ² = mean((a − mean)²) + ε
/// over some dimensions of each sample. Operands a and, where there are, γ and β.
/// </summary>
/// <remarks>
/// With c = ȧ − mean(ȧ): σ̇ = mean(x̂ c), σ̈ = (mean(c²) − σ̇²)/σ, so the first derivative of x̂ along the tangent is
/// (c − x̂ σ̇)/σ, and the second −2 c σ̇/σ² + x̂ (2 σ̇²/σ² − σ̈/σ). γ's part of the second-order term is 2 ⟨λ, v_γ ∘ ẋ̂⟩.
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
    private Tensor? _normalized;
    private Tensor? _inverse;
    private SharedTensor? _whole;
    private SharedTensor? _adjoint;
    private SharedTensor? _scaled;

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
        _normalized = Keep(centred * _inverse);
        _whole = Share(_normalized.reshape(Shape));
        if (Adjoint is null) return;
        _adjoint = Share(Adjoint);
        _scaled = Share((_gamma is null ? Adjoint : Adjoint * Broadcast(_gamma)).reshape(groups(Shape)));
    }

    /// <inheritdoc/>
    public override Tensor? Tangent(Tangents operands, Sweep sweep)
    {
        long lanes = sweep.LaneCount;
        Tensor? first = null;
        if (operands[Input] is { } given)
        {
            var inner = given.reshape([lanes, .. groups(Shape)]);
            var centred = inner - inner.mean([-1], keepdim: true);
            var rate = (centred * _normalized!).mean([-1], keepdim: true);
            var derivative = (centred - _normalized! * rate) * _inverse!;
            if (sweep.SecondOrder && _scaled is not null)
            {
                var relative = rate * _inverse!;
                var acceleration = (centred.Squared().mean([-1], keepdim: true) - rate.Squared()) * _inverse!.Squared();
                var second = _normalized! * (relative.Squared().Times(2) - acceleration) - centred.Times(2) * relative * _inverse!;
                sweep.AddProduct(second, _scaled, factor: 1);
            }

            first = derivative.reshape([lanes, .. Shape]);
        }

        var tangent = first is null || _gamma is null ? first : first * Broadcast(_gamma);
        if (operands.Count > Scale && operands[Scale] is { } scale)
        {
            var spread = BroadcastLanes(scale);
            var added = spread * _whole!.Value;
            tangent = tangent is null ? added : tangent.Plus(added);
            if (first is not null && sweep.SecondOrder && _adjoint is not null)
                sweep.AddProduct(spread * first, _adjoint, factor: 2);
        }

        if (operands.Count > Shift && operands[Shift] is { } shift)
        {
            var spread = BroadcastLanes(shift);
            tangent = tangent is null ? spread.expand([lanes, .. Shape]) : tangent.Plus(spread);
        }

        return tangent;
    }

    /// <inheritdoc/>
    internal override IEnumerable<OutputDraw> OutputDraws(IReadOnlyList<Tensor?> parameters) => AffineDraws.Of(
        parameters.Count > Scale ? parameters[Scale] : null, parameters.Count > Shift ? parameters[Shift] : null,
        _whole!, affine, Keep);

    private Tensor Broadcast(Tensor parameter) => parameter.view(affine(parameter.shape));

    private Tensor BroadcastLanes(Tensor probes) =>
        Lanes.Align(probes.view([probes.shape[0], .. affine(probes.shape[1..])]), Shape.Length);
}
