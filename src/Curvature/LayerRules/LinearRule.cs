using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.LayerRules;

/// <summary>
/// y = W a + b over the last dimension: tangent V a + W ȧ + v_b, second-order term 2 ⟨λ, V ȧ⟩.
/// </summary>
internal sealed class LinearRule(Linear module) : LayerRule
{
    private Tensor? _input;
    private Tensor? _columns;
    private Tensor? _adjoint;
    private Tensor? _weight;

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor input)
    {
        _input = Keep(input.detach());
        return module.call(input);
    }

    /// <inheritdoc/>
    protected internal override void Prepare()
    {
        _columns = Keep(Lanes.Shared(_input!, LaneLayout.SamplesLast));
        _adjoint = OutputAdjoint is null ? null : Keep(Lanes.Shared(OutputAdjoint, LaneLayout.SamplesLast));
        _weight = Keep(module.weight!.detach());
    }

    /// <inheritdoc/>
    public override Lanes? Tangent(Lanes? input, Sweep sweep)
    {
        if (sweep.DrawnAt(this) is { } drawn) return drawn;

        int lanes = sweep.LaneCount;
        long columns = _columns!.shape[1];
        var weight = sweep.Probe(module.weight);
        var tangent = weight?.reshape(lanes * module.out_features, -1).mm(_columns).view(lanes, module.out_features, columns);

        if (input?.To(LaneLayout.SamplesLast, InputShape).Data is { } inner)
        {
            var shared = _weight!.expand(lanes, -1, -1);
            var passed = shared.bmm(inner);
            tangent = tangent is null ? passed : passed.PlusInPlace(tangent);
            if (weight is not null && sweep.SecondOrder && _adjoint is not null)
                sweep.AddProduct(new Lanes(weight.bmm(inner), LaneLayout.SamplesLast), _adjoint, factor: 2);
        }

        if (sweep.Probe(module.bias) is { } bias)
        {
            var added = bias.unsqueeze(-1).expand(-1, -1, columns);
            tangent = tangent is null ? added.contiguous() : tangent.Plus(added);
        }

        return tangent is null ? null : new Lanes(tangent, LaneLayout.SamplesLast);
    }

    /// <inheritdoc/>
    internal override IEnumerable<OutputDraw> OutputDraws =>
        SharedWeightDraws.Of(
            module.weight!, module.bias, Patches, LaneLayout.SamplesLast, OutputShape, Keep);

    /// <summary>The input as <c>[N, 1, in, T]</c>: one group, T positions that share the weights.</summary>
    private Tensor Patches() => _input!.reshape(InputShape[0], -1, module.in_features).transpose(1, 2).unsqueeze(1);
}
