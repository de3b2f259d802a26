using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Sweeps;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operations;

/// <summary>
/// <c>prelu</c>: y = a where a > 0, w a elsewhere, w one number or one a channel (dimension 1). With m the places where
/// a ≤ 0: tangent (1 − m + m w) ȧ + m a ẇ, second-order term 2 ⟨λ, m ẇ ȧ⟩.
/// </summary>
internal sealed class PReluOperation : Operation
{
    private SharedTensor? _slope;
    private SharedTensor? _negative;
    private Tensor? _below;
    private SharedTensor? _adjoint;

    /// <inheritdoc/>
    protected internal override Tensor Value(IReadOnlyList<Tensor> operands)
    {
        using TorchSharp.Scalar zero = 0;
        return where(operands[0].gt(zero), operands[0], operands[0] * Spread(operands[1], (int)operands[0].dim(), 0));
    }

    /// <inheritdoc/>
    protected override void Remember(IReadOnlyList<Tensor> operands, Tensor result)
    {
        var input = operands[0].detach();
        using TorchSharp.Scalar zero = 0;
        _below = Keep(input.le(zero).to(input.dtype));
        _negative = Share(input * _below);
        _slope = Share((ones_like(input) - _below).Plus(_below * Spread(operands[1].detach(), (int)input.dim(), 0)));
    }

    /// <inheritdoc/>
    protected internal override void Prepare() => _adjoint = Adjoint is null ? null : Share(Adjoint * _below!);

    /// <inheritdoc/>
    public override Tensor? Tangent(Tangents operands, Sweep sweep)
    {
        var inner = operands[0];
        var tangent = inner is null ? null : inner * _slope!.For(inner);
        if (operands[1] is not { } given) return tangent;

        var weight = Spread(given, Shape.Length, 1);
        if (inner is not null && sweep.SecondOrder && _adjoint is not null) sweep.AddProduct(inner * weight, _adjoint, factor: 2);
        var own = weight * (inner is null ? _negative!.Value : _negative!.For(inner));
        return tangent is null ? own : tangent.Plus(own);
    }

    /// <inheritdoc/>
    protected internal override Tensor? Pullback(int operand, Tensor adjoints) => operand == 0
        ? adjoints * _slope!.For(adjoints)
        : base.Pullback(operand, adjoints);

    /// <inheritdoc/>
    internal override SampleGradients? Gradients(int operand, Tensor adjoints, SampleAxis axis)
    {
        if (operand == 0) return null;
        var given = adjoints * _negative!.For(adjoints);
        long count = OperandShapes[1].Aggregate(1L, (a, b) => a * b);
        long[] own = [count, .. Shape[2..].Select(_ => 1L)];
        return new ExplicitGradients(axis.Reduced(given, own).reshape([given.shape[0], axis.Samples, .. OperandShapes[1]]));
    }

    /// <inheritdoc/>
    internal override bool IsPiecewiseLinear(IReadOnlyList<IReadOnlySet<IntPtr>> parameters) => AreDisjoint(parameters);

    /// <summary>From <c>[…, C]</c> to <c>[…, 1, C, 1, …]</c> for a value of some rank.</summary>
    private static Tensor Spread(Tensor weight, int rank, int leading)
    {
        long[] shape = weight.shape;
        long count = shape.Length > leading ? shape[leading..].Aggregate(1L, (a, b) => a * b) : 1;
        long[] own = new long[rank];
        Array.Fill(own, 1);
        if (rank > 1) own[1] = count;
        return weight.reshape([.. shape[..leading], .. own]);
    }
}
