using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Sweeps;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operations;

/// <summary>
/// An operation f that is linear in each of two operands: tangent f(ȧ, b) + f(a, ḃ), second-order term 2 ⟨λ, f(ȧ, ḃ)⟩.
/// </summary>
internal abstract class ProductOperation : Operation
{
    private Tensor? _left;
    private Tensor? _right;
    private SharedTensor? _adjoint;

    /// <summary>f, with lanes before the dimensions of none, one or both of its operands.</summary>
    protected abstract Tensor Product(Tensor left, Tensor right);

    /// <summary>What an operand's lanes, or its value, are brought to before <see cref="Product"/>.</summary>
    protected virtual Tensor Operand(Tensor value, bool hasLanes) => value;

    /// <inheritdoc/>
    protected internal override Tensor Value(IReadOnlyList<Tensor> operands) => Product(operands[0], operands[1]);

    /// <inheritdoc/>
    protected override void Remember(IReadOnlyList<Tensor> operands, Tensor result) =>
        (_left, _right) = (Keep(operands[0].detach()), Keep(operands[1].detach()));

    /// <inheritdoc/>
    protected internal override void Prepare() => _adjoint = Adjoint is null ? null : Share(Adjoint);

    /// <inheritdoc/>
    public override Tensor? Tangent(Tangents operands, Sweep sweep)
    {
        var left = operands[0] is { } a ? Operand(a, true) : null;
        var right = operands[1] is { } b ? Operand(b, true) : null;
        var tangent = left is null ? null : Product(left, Operand(_right!, false));
        if (right is null) return tangent;

        var second = Product(Operand(_left!, false), right);
        if (left is not null && sweep.SecondOrder && _adjoint is not null)
            sweep.AddProduct(Product(left, right).expand([sweep.LaneCount, .. Shape]), _adjoint, factor: 2);
        return tangent is null ? second : tangent.Plus(second);
    }

    /// <inheritdoc/>
    internal override bool IsPiecewiseLinear(IReadOnlyList<IReadOnlySet<IntPtr>> parameters) => AreDisjoint(parameters);

    /// <summary>The other operand's value.</summary>
    protected Tensor Other(int operand) => (operand == 0 ? _right : _left)!;
}

/// <summary><c>mul</c>: a ∘ b, after broadcasting.</summary>
internal sealed class MultiplyOperation : ProductOperation
{
    /// <inheritdoc/>
    private protected override int BroadcastRank => Shape.Length;

    /// <inheritdoc/>
    protected override Tensor Operand(Tensor value, bool hasLanes) => hasLanes ? Lanes.Align(value, Shape.Length) : value;

    /// <inheritdoc/>
    protected override Tensor Product(Tensor left, Tensor right) => left * right;

    /// <inheritdoc/>
    protected internal override Tensor? Pullback(int operand, Tensor adjoints) =>
        Lanes.Reduced(adjoints * Other(operand), 1, OperandShapes[operand]);

    /// <inheritdoc/>
    internal override SampleGradients? Gradients(int operand, Tensor adjoints, SampleAxis axis) =>
        new ExplicitGradients(axis.Reduced(adjoints * Other(operand), OperandShapes[operand]));
}

/// <summary><c>mm</c>, <c>bmm</c>, <c>matmul</c> of two matrices or two equal batches of matrices.</summary>
internal sealed class MatrixProductOperation : ProductOperation
{
    /// <inheritdoc/>
    private protected override int BroadcastRank => Shape.Length - 2;

    /// <inheritdoc/>
    protected override Tensor Product(Tensor left, Tensor right)
    {
        // [P, …, n, k] with […, k, m]: libtorch's bmm wants one dimension of matrices.
        if (left.dim() == 2 && right.dim() == 2) return left.mm(right);
        long[] batch = left.dim() >= right.dim() ? left.shape[..^2] : right.shape[..^2];
        var product = Flat(left, batch).bmm(Flat(right, batch));
        return product.view([.. batch, left.shape[^2], right.shape[^1]]);
    }

    /// <inheritdoc/>
    protected internal override Tensor? Pullback(int operand, Tensor adjoints)
    {
        var other = Other(operand).transpose(-1, -2);
        return operand == 0 ? Product(adjoints, other) : Product(other, adjoints);
    }

    /// <inheritdoc/>
    internal override SampleGradients? Gradients(int operand, Tensor adjoints, SampleAxis axis)
    {
        // One matrix that all rows of a sample, or columns, are multiplied with.
        bool isLeft = operand == 0;
        if (axis.Dimension != Shape.Length - (isLeft ? 1 : 2) || OperandShapes[operand][..^2].Any(size => size > 1)) return null;
        Tensor Positions(Tensor value, int leading)
        {
            var bySample = axis.Front(value, leading);
            if (!isLeft) bySample = bySample.transpose(-1, -2);
            return bySample.dim() == leading + 3 ? bySample.unsqueeze(leading + 1) : bySample.flatten(leading + 1, -3);
        }

        return new PositionGradients(
            Positions(adjoints, 1).transpose(0, 1), Positions(Other(operand), 0), isTransposed: !isLeft, OperandShapes[operand]);
    }

    private static Tensor Flat(Tensor matrices, long[] batch)
    {
        long[] own = matrices.shape[^2..];
        var all = matrices.dim() == batch.Length + 2 ? matrices : matrices.expand([.. batch, .. own]);
        return all.reshape([-1, .. own]);
    }
}

/// <summary><c>div</c>: a / b, after broadcasting. ẏ = (ȧ − y ḃ)/b, D²f = −2 ẏ ḃ/b.</summary>
internal sealed class DivideOperation : Operation
{
    /// <inheritdoc/>
    private protected override int BroadcastRank => Shape.Length;

    private Tensor? _inverse;
    private SharedTensor? _quotient;
    private SharedTensor? _adjoint;

    /// <inheritdoc/>
    protected internal override Tensor Value(IReadOnlyList<Tensor> operands) => operands[0] / operands[1];

    /// <inheritdoc/>
    protected override void Remember(IReadOnlyList<Tensor> operands, Tensor result) =>
        (_inverse, _quotient) = (Keep(operands[1].detach().reciprocal()), Share(result.detach()));

    /// <inheritdoc/>
    protected internal override void Prepare() => _adjoint = Adjoint is null ? null : Share(Adjoint * _inverse!);

    /// <inheritdoc/>
    public override Tensor? Tangent(Tangents operands, Sweep sweep)
    {
        long[] shape = [sweep.LaneCount, .. Shape];
        var numerator = operands[0] is { } a ? Lanes.Align(a, Shape.Length).expand(shape) : null;
        if (operands[1] is not { } b) return numerator is null ? null : numerator * _inverse!;

        var denominator = Lanes.Align(b, Shape.Length).expand(shape);
        var turned = denominator * _quotient!.For(denominator);
        var tangent = (numerator is null ? turned.neg() : numerator - turned) * _inverse!;
        if (sweep.SecondOrder && _adjoint is not null) sweep.AddProduct(tangent * denominator, _adjoint, factor: -2);
        return tangent;
    }

    /// <inheritdoc/>
    protected internal override Tensor? Pullback(int operand, Tensor adjoints) =>
        Lanes.Reduced(Turned(operand, adjoints), 1, OperandShapes[operand]);

    /// <inheritdoc/>
    internal override SampleGradients? Gradients(int operand, Tensor adjoints, SampleAxis axis) =>
        new ExplicitGradients(axis.Reduced(Turned(operand, adjoints), OperandShapes[operand]));

    /// <inheritdoc/>
    internal override bool IsPiecewiseLinear(IReadOnlyList<IReadOnlySet<IntPtr>> parameters) => parameters[1].Count == 0;

    private Tensor Turned(int operand, Tensor adjoints)
    {
        var quotient = adjoints * _inverse!;
        return operand == 0 ? quotient : (quotient * _quotient!.For(quotient)).neg();
    }
}
