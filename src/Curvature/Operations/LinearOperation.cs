using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Sweeps;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operations;

/// <summary>
/// <c>linear</c>: y = W a + b over the last dimension. Tangent V a + W ȧ + v_b, second-order term 2 ⟨λ, V ȧ⟩. Operands
/// a <c>[…, in]</c>, W <c>[out, in]</c> and, where there is one, b <c>[out]</c>.
/// </summary>
internal sealed class LinearOperation : Operation
{
    /// <summary>Tables take four times the room of what they tabulate: for a very large batch, too much.</summary>
    private const long LargestTables = 1L << 28;

    private const int RowsThatPayForTables = 64;

    private const int Input = 0, Weight = 1, Bias = 2;

    private Tensor? _input;
    private Tensor? _weight;
    private SignTables? _tables;
    private Tensor? _columns;
    private Tensor? _squaredNorms;
    private SharedTensor? _adjoint;

    private int Outputs => (int)OperandShapes[Weight][0];

    /// <inheritdoc/>
    protected internal override Tensor Value(IReadOnlyList<Tensor> operands) =>
        nn.functional.linear(operands[Input], operands[Weight], operands.Count > Bias ? operands[Bias] : null);

    /// <inheritdoc/>
    protected override void Remember(IReadOnlyList<Tensor> operands, Tensor result) =>
        (_input, _weight) = (Keep(operands[Input].detach()), Keep(operands[Weight].detach()));

    /// <inheritdoc/>
    protected internal override void Prepare() => _adjoint = Adjoint is null ? null : Share(Adjoint);

    /// <inheritdoc/>
    public override Tensor? Tangent(Tangents operands, Sweep sweep)
    {
        int lanes = sweep.LaneCount;
        long inputs = _input!.shape[^1], columns = _input.numel() / inputs;
        bool tabulates = SignTables.IsSupported && SignTables.Bytes(inputs, columns) <= LargestTables;
        var signs = tabulates ? operands.Signs(Weight) : null;
        var tangent = signs is { } packed ? Tables.Multiply(packed, Outputs) : Product(operands[Weight], lanes, columns);
        bool perturbed = tangent is not null;

        if (operands[Input] is { } given)
        {
            var inner = Lanes.In(LaneLayout.SamplesLast, given);
            var passed = _weight!.expand(lanes, -1, -1).bmm(inner);
            tangent = tangent is null ? passed : passed.PlusInPlace(tangent);
            if (perturbed && sweep.SecondOrder && _adjoint is not null)
                sweep.AddProduct(Logical(Bent(operands, signs, inner)), _adjoint, factor: 2);
        }

        if (operands.Count > Bias && operands[Bias] is { } bias)
        {
            var added = bias.unsqueeze(-1).expand(-1, -1, columns);
            tangent = tangent is null ? added.contiguous() : tangent.Plus(added);
        }

        return tangent is null ? null : Logical(tangent);
    }

    /// <inheritdoc/>
    internal override Tensor? SampleTangent(Tangents operands, Sweep sweep, SampleAxis axis)
    {
        if (axis.Dimension == Shape.Length - 1) return base.SampleTangent(operands, sweep, axis);
        var inner = operands[Input];
        var tangent = inner is null ? null : Tangent(new Tangents([inner, null, null]), sweep);
        if (operands[Weight] is { } weight)
        {
            var columns = weight.transpose(2, 3);
            var seen = OfRows(axis.Front(_input!, 0).flatten(1, -2).matmul(columns), axis);
            tangent = tangent is null ? seen : tangent.Plus(seen);
            if (inner is not null && sweep.SecondOrder && _adjoint is not null)
                sweep.AddProduct(OfRows(axis.Front(inner, 1).flatten(2, -2).matmul(columns), axis), _adjoint, factor: 2);
        }

        if (operands.Count <= Bias || operands[Bias] is not { } bias) return tangent;
        var added = OfRows(bias.unsqueeze(2).expand(-1, -1, _input!.numel() / (axis.Samples * _input.shape[^1]), -1), axis);
        return tangent is null ? added : tangent.Plus(added);
    }

    /// <inheritdoc/>
    protected internal override Tensor? Pullback(int operand, Tensor adjoints)
    {
        if (operand != Input) return base.Pullback(operand, adjoints);
        Tensor Product(Tensor rows) => rows.reshape([-1, Outputs]).mm(_weight!).reshape([.. rows.shape[..^1], _weight!.shape[1]]);
        return adjoints.dim() > 2 ? Lanes.Merged(adjoints, Product) : Product(adjoints);
    }

    /// <inheritdoc/>
    internal override SampleGradients? Gradients(int operand, Tensor adjoints, SampleAxis axis)
    {
        if (operand == Input || axis.Dimension == Shape.Length - 1) return null;
        // Rows of one sample are positions.
        var bySample = axis.Front(adjoints, 1).flatten(2, -2);
        return operand == Bias
            ? new ExplicitGradients(bySample.sum(2))
            : new PositionGradients(
                bySample.permute(1, 0, 3, 2).unsqueeze(2), Patches(axis), isTransposed: false, OperandShapes[Weight])
            {
                SharedNorms = HasOneRow(axis) ? SquaredNorms : null,
            };
    }

    /// <inheritdoc/>
    internal override bool IsPiecewiseLinear(IReadOnlyList<IReadOnlySet<IntPtr>> parameters) => AreDisjoint(parameters);

    /// <inheritdoc/>
    internal override IEnumerable<OutputDraw> OutputDraws(IReadOnlyList<Tensor?> parameters, SampleAxis axis) => axis.Dimension == Shape.Length - 1 ? [] : SharedWeightDraws.Of(
        parameters[Weight], parameters.Count > Bias ? parameters[Bias] : null, Outputs, () => Patches(axis), 1, OperandShapes[Weight][1],
        Shape[..^1].Aggregate(1L, (a, b) => a * b) / axis.Samples, tangent => OfPositions(tangent, axis), axis.Samples, Keep,
        HasOneRow(axis) ? () => SquaredNorms : null);

    private bool HasOneRow(SampleAxis axis) => _input!.numel() == axis.Samples * _input.shape[^1];

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _tables?.Dispose();
        _tables = null;
        base.Dispose(disposing);
    }

    /// <summary>The input as <c>[in, M]</c>, which probes of the weight are multiplied with.</summary>
    private Tensor Columns => _columns ??= Keep(Lanes.Shared(LaneLayout.SamplesLast, _input!));

    /// <summary>‖x‖² of each sample, <c>[N, 1]</c> in float64, where each has one row.</summary>
    private Tensor SquaredNorms => _squaredNorms ??= Keep(_input!.Squared().sum([-1], type: ScalarType.Float64).reshape(-1, 1));

    private SignTables Tables => _tables ??= new SignTables(Columns);

    private Tensor Logical(Tensor tangent) => Lanes.From(LaneLayout.SamplesLast, tangent, Shape);

    /// <summary>V a; null where V is zero.</summary>
    private Tensor? Product(Tensor? weights, int lanes, long columns) => weights
        ?.reshape(lanes * Outputs, -1).mm(Columns).view(lanes, Outputs, columns);

    /// <summary>V ȧ, lane by lane.</summary>
    private Tensor Bent(Tangents operands, PackedSigns? signs, Tensor inner)
    {
        // A lane's own tables pay where many rows use them.
        if (signs is not { } packed || Outputs < RowsThatPayForTables) return operands[Weight]!.bmm(inner);

        var bent = empty([packed.Lanes, Outputs, inner.shape[2]], ScalarType.Float32);
        for (int lane = 0; lane < packed.Lanes; lane++)
        {
            using var matrix = inner[lane];
            using var target = bent[lane];
            SignTables.MultiplyOnce(matrix, packed, lane, Outputs, target);
        }

        return bent;
    }

    /// <summary>The input as <c>[N, 1, in, T]</c>: one group, T positions that share the weights.</summary>
    private Tensor Patches(SampleAxis axis) => axis.Front(_input!, 0).flatten(1, -2).transpose(1, 2).unsqueeze(1);

    /// <summary>From <c>[P, out, N, T]</c> to tangents.</summary>
    private Tensor OfPositions(Tensor tangent, SampleAxis axis) => axis is { Dimension: 0, IsMinor: false }
        ? Logical(tangent.reshape(tangent.shape[0], Outputs, -1))
        : OfRows(tangent.permute(0, 2, 3, 1), axis);

    /// <summary>From <c>[P, N, T, out]</c> to tangents.</summary>
    private Tensor OfRows(Tensor rows, SampleAxis axis) =>
        axis.Back(rows.reshape([rows.shape[0], axis.Samples, .. axis.Front(_input!, 0).shape[1..^1], Outputs]), 1);
}
