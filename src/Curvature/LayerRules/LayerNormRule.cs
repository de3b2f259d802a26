using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.LayerRules;

/// <summary>
/// Layer normalisation y = γ ∘ x̂ + β with x̂ = (a − mean)/σ, σ² = mean((a − mean)²) + ε over the last dimensions.
/// </summary>
/// <remarks>
/// With c = ȧ − mean(ȧ): σ̇ = mean(x̂ c), σ̈ = (mean(c²) − σ̇²)/σ, so the first derivative of x̂ along the tangent is
/// (c − x̂ σ̇)/σ, and the second −2 c σ̇/σ² + x̂ (2 σ̇²/σ² − σ̈/σ).
/// </remarks>
internal sealed class LayerNormRule(LayerNorm module) : LayerRule
{
    private LaneLayout _layout;
    private long[] _over = [];
    private Tensor? _input;
    private Tensor? _normalized;
    private Tensor? _inverse;
    private Tensor? _scale;
    private Tensor? _adjoint;
    private Tensor? _scaledAdjoint;

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor input)
    {
        int rank = module.normalized_shape.Length;
        if (rank >= input.dim()) throw Unserved("normalises over all dimensions, that of the samples too");

        _layout = rank == 1 ? LaneLayout.SamplesLast : LaneLayout.SamplesFirst;
        _over = _layout == LaneLayout.SamplesLast ? [-2] : [.. Enumerable.Range(1, rank).Select(d => (long)-d)];
        _input = input.detach();
        return module.call(input);
    }

    /// <inheritdoc/>
    protected internal override void Prepare()
    {
        var centred = Lanes.Shared(_input!, _layout);
        centred -= centred.mean(_over, keepdim: true);
        _inverse = Keep(centred.Squared().mean(_over, keepdim: true).Plus(module.eps).rsqrt());
        _normalized = Keep(centred * _inverse);
        _scale = module.weight is null ? null : Keep(Features(module.weight.detach()));
        if (OutputAdjoint is not null)
        {
            _adjoint = Keep(Lanes.Shared(OutputAdjoint, _layout));
            _scaledAdjoint = Keep(_scale is null ? _adjoint.alias() : _adjoint * _scale);
        }

        _input = null;
    }

    /// <inheritdoc/>
    public override Lanes? Tangent(Lanes? input, Sweep sweep)
    {
        if (sweep.DrawnAt(this) is { } drawn) return drawn;

        Tensor? first = null;
        if (input?.To(_layout, InputShape).Data is { } inner)
        {
            var centred = inner - inner.mean(_over, keepdim: true);
            var spreadRate = (centred * _normalized!).mean(_over, keepdim: true);
            first = (centred - _normalized! * spreadRate) * _inverse!;
            if (sweep.SecondOrder && _scaledAdjoint is not null)
                AddSecondOrder(sweep, centred, spreadRate);
        }

        var tangent = first is null || _scale is null ? first : first * _scale;
        if (sweep.Probe(module.weight) is { } scale)
        {
            var spread = Spread(scale);
            var added = spread * _normalized!;
            tangent = tangent is null ? added : added.PlusInPlace(tangent);
            if (first is not null && sweep.SecondOrder && _adjoint is not null)
                sweep.AddProduct(new Lanes(spread * first, _layout), _adjoint, factor: 2);
        }

        if (sweep.Probe(module.bias) is { } shift)
        {
            var spread = Spread(shift);
            tangent = tangent is null ? spread.Plus(zeros_like(_normalized!)) : tangent.Plus(spread);
        }

        return tangent is null ? null : new Lanes(tangent, _layout);
    }

    /// <inheritdoc/>
    internal override IEnumerable<OutputDraw> OutputDraws => AffineDraws.Of(
        module.weight, module.bias, _normalized!, SpreadSamples, _layout, InputShape[0], Keep);

    private void AddSecondOrder(Sweep sweep, Tensor centred, Tensor spreadRate)
    {
        var relative = spreadRate * _inverse!;
        var acceleration = (centred.Squared().mean(_over, keepdim: true) - spreadRate.Squared()) * _inverse!.Squared();
        var second = _normalized! * (relative.Squared().Times(2) - acceleration) - centred.Times(2) * relative * _inverse!;
        sweep.AddProduct(new Lanes(second, _layout), _scaledAdjoint!, factor: 1);
    }

    /// <summary>From the parameter's shape to what broadcasts with lanes.</summary>
    private Tensor Features(Tensor values) => _layout == LaneLayout.SamplesLast ? values.unsqueeze(1) : values;

    /// <summary>From <c>[P, *shape]</c> to what broadcasts with lanes.</summary>
    private Tensor Spread(Tensor probes) => _layout == LaneLayout.SamplesLast
        ? probes.unsqueeze(-1)
        : probes.view([1, probes.shape[0], .. Between, .. module.normalized_shape]);

    /// <summary>From <c>[P, size, N]</c> to what broadcasts with lanes.</summary>
    private Tensor SpreadSamples(Tensor signs)
    {
        long lanes = signs.shape[0], samples = signs.shape[2];
        return _layout == LaneLayout.SamplesLast
            ? signs.unsqueeze(-1).expand(-1, -1, -1, _normalized!.shape[1] / samples).reshape(lanes, signs.shape[1], -1)
            : signs.permute(2, 0, 1).reshape([samples, lanes, .. Between, .. module.normalized_shape]);
    }

    /// <summary>Ones for the dimensions between the samples and what is normalised over.</summary>
    private IEnumerable<long> Between => Enumerable.Repeat(1L, InputShape.Length - 1 - module.normalized_shape.Length);
}
