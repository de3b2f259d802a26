using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Sweeps;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operations;

/// <summary>
/// <c>embedding</c>: rows of a table E looked up by number: tangent V[number]. It is linear in E, and numbers have no
/// tangent. Operands E <c>[rows, width]</c> and the numbers <c>[…]</c>.
/// </summary>
/// <param name="function">From the table and the numbers (int64) to the rows.</param>
internal sealed class EmbeddingOperation(Func<Tensor, Tensor, Tensor> function) : Operation
{
    private const int Table = 0;

    private Tensor? _numbers;
    private Tensor? _counts;

    /// <inheritdoc/>
    protected internal override bool IsCurved => false;

    /// <inheritdoc/>
    protected internal override Tensor Value(IReadOnlyList<Tensor> operands) =>
        function(operands[Table], operands[1].to(ScalarType.Int64));

    /// <inheritdoc/>
    protected override void Remember(IReadOnlyList<Tensor> operands, Tensor result)
    {
        var table = operands[Table];
        _numbers = Keep(operands[1].detach().to(ScalarType.Int64));
        // The row padding_idx takes no part in differentiation; a module does not tell which one that is, but its
        // gradient does.
        var gradient = Autograd.Gradients([result.sum()], [table])[0];
        _counts = Keep(gradient.select(1, 0).sign().to(table.dtype).index_select(0, _numbers.flatten()));
    }

    /// <inheritdoc/>
    public override Tensor? Tangent(Tangents operands, Sweep sweep) => operands[Table] is not { } table ? null : Logical(
        (table.index_select(1, _numbers!.flatten()).transpose(1, 2) * _counts!).contiguous());

    /// <inheritdoc/>
    internal override Tensor? SampleTangent(Tangents operands, Sweep sweep, SampleAxis axis)
    {
        if (operands[Table] is not { } table) return null;
        if (axis.Dimension == Shape.Length - 1) return base.SampleTangent(operands, sweep, axis);
        var numbers = axis.Front(_numbers!, 0);
        long[] rows = [table.shape[0], axis.Samples, numbers.numel() / axis.Samples, Shape[^1]];
        var seen = table.gather(2, numbers.reshape([1, axis.Samples, -1, 1]).expand(rows));
        return axis.Back(seen.view([.. rows[..2], .. numbers.shape[1..], Shape[^1]]), 1) * _counts!.view([.. Shape[..^1], 1]);
    }

    /// <inheritdoc/>
    internal override SampleGradients? Gradients(int operand, Tensor adjoints, SampleAxis axis)
    {
        long width = Shape[^1];
        var counted = adjoints * _counts!.view([.. Shape[..^1], 1]);
        return new RowGradients(
            axis.Front(counted, 1).reshape([adjoints.shape[0], axis.Samples, -1, width]), axis.Front(_numbers!, 0).reshape(axis.Samples, -1),
            OperandShapes[Table][0]);
    }

    /// <summary>
    /// A number that occurs twice in a sample must get the same random row both times: each position takes the row
    /// drawn for the first position with its number.
    /// </summary>
    internal override IEnumerable<OutputDraw> OutputDraws(IReadOnlyList<Tensor?> parameters, SampleAxis axis)
    {
        if (parameters[Table] is not { } table) yield break;
        long width = Shape[^1], samples = axis.Samples;
        var numbers = _numbers!.view(samples, -1);
        long positions = numbers.shape[1];
        var first = Keep(RowGradients.FirstPlaces(numbers));
        yield return new OutputDraw([table], checked((int)(positions * width)), null, signs =>
        {
            long lanes = signs.shape[0];
            var drawn = signs.view(lanes, positions, width, samples).permute(0, 2, 3, 1);
            var rows = drawn.gather(3, first.expand(lanes, width, samples, positions));
            return Logical(rows.reshape(lanes, width, -1) * _counts!);
        });
    }

    private Tensor Logical(Tensor tangent) => Lanes.From(LaneLayout.SamplesLast, tangent, Shape);
}
