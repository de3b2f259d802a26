using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.LayerRules;

/// <summary>
/// Batch normalisation in evaluation mode, y = γ x̂ + β with x̂ = (a − μ)/σ of fixed μ and σ: tangent
/// (γ/σ) ȧ + v_γ x̂ + v_β, second-order term 2 ⟨λ, v_γ ȧ/σ⟩.
/// </summary>
internal sealed class BatchNormRule(BatchNorm module) : LayerRule
{
    private LaneLayout _layout;
    private Tensor? _input;
    private Tensor? _normalized;
    private Tensor? _inverse;
    private Tensor? _slope;
    private Tensor? _adjoint;

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor input)
    {
        const string Normalises = "normalises with the batch's own statistics";
        if (!module.track_running_stats) throw Unserved(Normalises);
        if (module.training) throw new CurvatureException($"Layer {Path} ({Kind}) {Normalises}: call model.eval() first.");

        _layout = input.dim() == 2 ? LaneLayout.SamplesLast : LaneLayout.SamplesFirst;
        _input = input.detach();
        return module.call(input);
    }

    /// <inheritdoc/>
    protected internal override void Prepare()
    {
        _inverse = Keep(Channels(module.running_var!.Plus(module.eps).rsqrt()));
        _normalized = Keep((Lanes.Shared(_input!, _layout) - Channels(module.running_mean!)) * _inverse);
        _slope = Keep(module.weight is null ? _inverse.alias() : Channels(module.weight.detach()) * _inverse);
        _adjoint = OutputAdjoint is null ? null : Keep(Lanes.Shared(OutputAdjoint, _layout) * _inverse);
        _input = null;
    }

    /// <inheritdoc/>
    public override Lanes? Tangent(Lanes? input, Sweep sweep)
    {
        if (sweep.DrawnAt(this) is { } drawn) return drawn;

        var inner = input?.To(_layout, InputShape).Data;
        var tangent = inner is null ? null : inner * _slope!;
        if (sweep.Probe(module.weight) is { } scale)
        {
            var spread = Spread(scale);
            var added = spread * _normalized!;
            tangent = tangent is null ? added : added.PlusInPlace(tangent);
            if (inner is not null && sweep.SecondOrder && _adjoint is not null)
                sweep.AddProduct(new Lanes(spread * inner, _layout), _adjoint, factor: 2);
        }

        if (sweep.Probe(module.bias) is { } shift)
        {
            var spread = Spread(shift);
            tangent = tangent is null ? spread.expand_as(spread * _normalized!).contiguous() : tangent.Plus(spread);
        }

        return tangent is null ? null : new Lanes(tangent, _layout);
    }

    /// <inheritdoc/>
    internal override IEnumerable<OutputDraw> OutputDraws => AffineDraws.Of(
        module.weight, module.bias, _normalized!, SpreadSamples, _layout, InputShape[0], Keep);

    /// <summary>From <c>[C]</c> to what broadcasts with lanes.</summary>
    private Tensor Channels(Tensor values) => _layout == LaneLayout.SamplesLast
        ? values.unsqueeze(1)
        : values.view([values.shape[0], .. InputShape[2..].Select(_ => 1L)]);

    /// <summary>From <c>[P, C]</c> to what broadcasts with lanes.</summary>
    private Tensor Spread(Tensor probes) => _layout == LaneLayout.SamplesLast
        ? probes.unsqueeze(-1)
        : probes.view([1, .. probes.shape, .. InputShape[2..].Select(_ => 1L)]);

    /// <summary>From <c>[P, C, N]</c> to what broadcasts with lanes.</summary>
    private Tensor SpreadSamples(Tensor signs) => _layout == LaneLayout.SamplesLast
        ? signs
        : signs.permute(2, 0, 1).reshape([signs.shape[2], .. signs.shape[..2], .. InputShape[2..].Select(_ => 1L)]);
}
