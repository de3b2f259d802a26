using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Sweeps;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operations;

/// <summary>
/// <c>index</c>: the numbers of a value at places that other operands name, which have no tangents.
/// </summary>
/// <param name="isGiven">For each dimension from the first on, whether there is an index; the other dimensions are taken whole.</param>
internal sealed class IndexOperation(bool[] isGiven) : Operation
{
    private Tensor[] _places = [];

    /// <inheritdoc/>
    protected internal override bool IsCurved => false;

    /// <inheritdoc/>
    protected internal override Tensor Value(IReadOnlyList<Tensor> operands) => At(operands[0], [.. operands.Skip(1)], 0);

    /// <inheritdoc/>
    protected override void Remember(IReadOnlyList<Tensor> operands, Tensor result) =>
        _places = [.. operands.Skip(1).Select(place => Keep(place.alias()))];

    /// <inheritdoc/>
    public override Tensor? Tangent(Tangents operands, Sweep sweep) => operands[0] is { } lanes ? At(lanes, _places, 1) : null;

    private Tensor At(Tensor value, Tensor[] places, int leading)
    {
        int next = 0;
        // Indices that are not side by side move their dimensions to the front; lanes must stay there.
        int first = Array.IndexOf(isGiven, true), last = Array.LastIndexOf(isGiven, true);
        bool apart = isGiven.AsSpan(first, last - first).Contains(false);
        TensorIndex[] indices =
        [
            .. Enumerable.Repeat(TensorIndex.Colon, leading),
            .. isGiven.Select(given => given ? TensorIndex.Tensor(places[next++]) : TensorIndex.Colon),
        ];
        var result = value.index(indices);
        if (!apart || leading == 0) return result;
        int rank = places.Max(place => place.dtype == ScalarType.Bool ? 1 : (int)place.dim());
        return result.movedim([rank], [0]);
    }
}

/// <summary>
/// <c>gather</c>, <c>index_select</c>, <c>masked_fill</c>: linear in a value, where a second operand without tangents, indices or
/// a mask, says what is taken.
/// </summary>
/// <param name="apply">The operation, on a value that has so many dimensions before its own: none, or one for lanes.</param>
internal sealed class SelectionOperation(Func<Tensor, Tensor, int, Tensor> apply) : Operation
{
    private Tensor? _places;

    /// <inheritdoc/>
    protected internal override bool IsCurved => false;

    /// <inheritdoc/>
    protected internal override Tensor Value(IReadOnlyList<Tensor> operands) => apply(operands[0], operands[1], 0);

    /// <inheritdoc/>
    protected override void Remember(IReadOnlyList<Tensor> operands, Tensor result) => _places = Keep(operands[1].alias());

    /// <inheritdoc/>
    public override Tensor? Tangent(Tangents operands, Sweep sweep) => operands[0] is { } lanes ? apply(lanes, _places!, 1) : null;
}

/// <summary><c>where</c>: one value where a condition holds, another elsewhere. Operands: condition and both values.</summary>
internal sealed class ChoiceOperation : Operation
{
    private Tensor? _condition;

    /// <inheritdoc/>
    protected internal override bool IsCurved => false;

    /// <inheritdoc/>
    protected internal override Tensor Value(IReadOnlyList<Tensor> operands) => where(operands[0], operands[1], operands[2]);

    /// <inheritdoc/>
    protected override void Remember(IReadOnlyList<Tensor> operands, Tensor result) => _condition = Keep(operands[0].alias());

    /// <inheritdoc/>
    public override Tensor? Tangent(Tangents operands, Sweep sweep)
    {
        var some = (operands[1] ?? operands[2])!;
        Tensor Side(int operand) => operands[operand] is { } lanes
            ? Lanes.Align(lanes, Shape.Length)
            : zeros([1], some.dtype, some.device);
        return where(_condition!, Side(1), Side(2)).expand([sweep.LaneCount, .. Shape]);
    }
}

/// <summary>
/// Sums or means of rows by bags, as <c>embedding_bag</c> has them. Operands: rows <c>[n, width]</c> and the bags' first rows
/// <c>[bags]</c>.
/// </summary>
/// <param name="isMean">Whether a bag's sum is divided by its number of rows.</param>
internal sealed class BagOperation(bool isMean) : Operation
{
    private Tensor? _bags;

    /// <inheritdoc/>
    protected internal override bool IsCurved => false;

    /// <inheritdoc/>
    protected internal override Tensor Value(IReadOnlyList<Tensor> operands) =>
        Weights(operands).mm(operands[0]);

    /// <inheritdoc/>
    protected override void Remember(IReadOnlyList<Tensor> operands, Tensor result) => _bags = Keep(Weights(operands));

    /// <inheritdoc/>
    public override Tensor? Tangent(Tangents operands, Sweep sweep) => operands[0] is { } lanes
        ? _bags!.unsqueeze(0).expand([sweep.LaneCount, -1, -1]).bmm(lanes)
        : null;

    /// <summary>How much each row counts in each bag, <c>[bags, n]</c>.</summary>
    private Tensor Weights(IReadOnlyList<Tensor> operands)
    {
        var (rows, starts) = (operands[0].detach(), operands[1]);
        long n = rows.shape[0], bags = starts.shape[0];
        using TorchSharp.Scalar all = n;
        using TorchSharp.Scalar one = 1;
        var number = arange(all, ScalarType.Int64, rows.device);
        var begin = starts.to(ScalarType.Int64).unsqueeze(1);
        var end = cat([starts.to(ScalarType.Int64).slice(0, 1, bags, 1), full([1], all, ScalarType.Int64, rows.device)]).unsqueeze(1);
        var holds = (number >= begin).logical_and(number < end).to(rows.dtype);
        return isMean ? holds / holds.sum(1, keepdim: true).clamp(min: one) : holds;
    }
}
