using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Sweeps;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operations;

/// <summary>
/// An operation that is linear in all its operands together, such as <c>view</c> or <c>cat</c>: the tangent is the
/// operation itself, applied to tangents, and there is no second-order term.
/// </summary>
/// <param name="apply">
/// The operation, on operands that have so many dimensions before their own: none for values, one for lanes.
/// </param>
internal sealed class LinearMapOperation(Func<IReadOnlyList<Tensor>, int, Tensor> apply) : Operation
{
    /// <summary>An operation with one operand.</summary>
    public LinearMapOperation(Func<Tensor, int, Tensor> apply)
        : this((IReadOnlyList<Tensor> operands, int leading) => apply(operands[0], leading))
    {
    }

    /// <inheritdoc/>
    protected internal override bool IsCurved => false;

    /// <inheritdoc/>
    internal override bool IsLinear => true;

    /// <inheritdoc/>
    protected internal override Tensor Value(IReadOnlyList<Tensor> operands) => apply(operands, 0);

    /// <inheritdoc/>
    public override Tensor? Tangent(Tangents operands, Sweep sweep)
    {
        var tangents = new Tensor[operands.Count];
        for (int i = 0; i < tangents.Length; i++) tangents[i] = operands[i]!;
        if (Array.IndexOf(tangents, null) < 0) return apply(tangents, 1);

        var some = tangents.First(tangent => tangent is not null);
        for (int i = 0; i < tangents.Length; i++)
            tangents[i] ??= zeros([sweep.LaneCount, .. OperandShapes[i]], some.dtype, some.device);
        return apply(tangents, 1);
    }
}

/// <summary><c>add</c>, <c>sub</c>: a + c·b, after broadcasting.</summary>
/// <param name="factor">c.</param>
internal sealed class SumOperation(double factor) : Operation
{
    /// <inheritdoc/>
    protected internal override bool IsCurved => false;

    /// <inheritdoc/>
    protected internal override Tensor Value(IReadOnlyList<Tensor> operands) => Sum(operands[0], operands[1]);

    /// <inheritdoc/>
    private protected override int BroadcastRank => Shape.Length;

    /// <inheritdoc/>
    public override Tensor? Tangent(Tangents operands, Sweep sweep)
    {
        Tensor? Of(int operand) => operands[operand] is { } lanes ? Lanes.Align(lanes, Shape.Length) : null;
        var sum = (Of(0), Of(1)) switch
        {
            ({ } a, { } b) => Sum(a, b),
            ({ } a, null) => a,
            (null, { } b) => factor == 1 ? b : b.Times(factor),
            _ => null,
        };
        return sum?.expand([sweep.LaneCount, .. Shape]);
    }

    /// <inheritdoc/>
    protected internal override Tensor? Pullback(int operand, Tensor adjoints) =>
        Lanes.Reduced(Scaled(operand, adjoints), 1, OperandShapes[operand]);

    /// <inheritdoc/>
    internal override SampleGradients? Gradients(int operand, Tensor adjoints, SampleAxis axis) =>
        new ExplicitGradients(axis.Reduced(Scaled(operand, adjoints), OperandShapes[operand]));

    private Tensor Scaled(int operand, Tensor adjoints) => operand == 0 || factor == 1 ? adjoints : adjoints.Times(factor);

    private Tensor Sum(Tensor a, Tensor b)
    {
        using TorchSharp.Scalar alpha = factor;
        return a.add(b, alpha);
    }
}
