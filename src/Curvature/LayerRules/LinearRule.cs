using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.LayerRules;

/// <summary>
/// y = W a + b over the last dimension: tangent V a + W ȧ + v_b, second-order term 2 ⟨λ, V ȧ⟩.
/// </summary>
internal sealed class LinearRule(Linear module) : LayerRule
{
    /// <summary>Tables take four times the room of what they tabulate: for a very large batch, too much.</summary>
    private const long LargestTables = 1L << 28;

    private const int RowsThatPayForTables = 64;

    private Tensor? _input;
    private SignTables? _tables;
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
        bool tabulates = SignTables.IsSupported && SignTables.Bytes(_columns.shape[0], columns) <= LargestTables;
        var signs = tabulates ? sweep.Signs(module.weight) : null;
        var tangent = signs is { } packed ? Tables.Multiply(packed, (int)module.out_features) : Product(sweep, lanes, columns);
        bool perturbed = tangent is not null;

        if (input?.To(LaneLayout.SamplesLast, InputShape).Data is { } inner)
        {
            var shared = _weight!.expand(lanes, -1, -1);
            var passed = shared.bmm(inner);
            tangent = tangent is null ? passed : passed.PlusInPlace(tangent);
            if (perturbed && sweep.SecondOrder && _adjoint is not null)
                sweep.AddProduct(new Lanes(Bent(sweep, signs, inner), LaneLayout.SamplesLast), _adjoint, factor: 2);
        }

        if (sweep.Probe(module.bias) is { } bias)
        {
            var added = bias.unsqueeze(-1).expand(-1, -1, columns);
            tangent = tangent is null ? added.contiguous() : tangent.Plus(added);
        }

        return tangent is null ? null : new Lanes(tangent, LaneLayout.SamplesLast);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _tables?.Dispose();
        _tables = null;
        base.Dispose(disposing);
    }

    private SignTables Tables => _tables ??= new SignTables(_columns!);

    /// <summary>V a; null where V is zero.</summary>
    private Tensor? Product(Sweep sweep, int lanes, long columns) => sweep.Probe(module.weight)
        ?.reshape(lanes * module.out_features, -1).mm(_columns!).view(lanes, module.out_features, columns);

    /// <summary>V ȧ, lane by lane.</summary>
    private Tensor Bent(Sweep sweep, PackedSigns? signs, Tensor inner)
    {
        // A lane's own tables pay where many rows use them.
        if (signs is not { } packed || module.out_features < RowsThatPayForTables)
            return sweep.Probe(module.weight)!.bmm(inner);

        using var lanes = inner.contiguous();
        var bent = empty([packed.Lanes, module.out_features, inner.shape[2]], ScalarType.Float32);
        for (int lane = 0; lane < packed.Lanes; lane++)
        {
            using var matrix = lanes[lane];
            using var target = bent[lane];
            using var tables = new SignTables(matrix);
            tables.MultiplyLane(packed, lane, (int)module.out_features, target);
        }

        return bent;
    }

    /// <inheritdoc/>
    internal override IEnumerable<OutputDraw> OutputDraws =>
        SharedWeightDraws.Of(
            module.weight!, module.bias, Patches, LaneLayout.SamplesLast, OutputShape, Keep);

    /// <summary>The input as <c>[N, 1, in, T]</c>: one group, T positions that share the weights.</summary>
    private Tensor Patches() => _input!.reshape(InputShape[0], -1, module.in_features).transpose(1, 2).unsqueeze(1);
}
