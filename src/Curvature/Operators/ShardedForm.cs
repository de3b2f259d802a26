using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;

namespace ActorHutch.Curvature.Operators;

/// <summary>
/// The quadratic forms of a risk in shards, each for itself. What was computed of a shard, its values and derivatives, is kept for
/// its next probes as far as the memory budget goes; the shards that were used longest ago give way.
/// </summary>
internal sealed class ShardedForm : IQuadraticForm
{
    private readonly ShardedRisk _risk;
    private readonly Func<MicroBatchedRisk, IQuadraticForm> _create;
    private readonly long _microBatch;
    private readonly long _budget;
    private readonly LinkedList<(long Shard, IQuadraticForm? Form, long Bytes)> _kept = [];

    /// <param name="risk">The risk.</param>
    /// <param name="create">The form of one shard.</param>
    /// <param name="microBatch">How many samples are computed with at a time.</param>
    /// <param name="budget">Bytes that shards may take which are not in use.</param>
    /// <exception cref="CurvatureException">The first shard has no such form.</exception>
    public ShardedForm(ShardedRisk risk, Func<MicroBatchedRisk, IQuadraticForm> create, long microBatch, long budget)
    {
        (_risk, _create, _microBatch, _budget) = (risk, create, microBatch, budget);
        // Of a shard of ignored targets alone, a form tells all of that but its values.
        var first = FormOf(0) ?? create(risk.Open(0, microBatch));
        (Method, MethodReason, ProbeSpace, Passes, Blocks, Shapes, BasisCount) = (first.Method, first.MethodReason, first.ProbeSpace, first.Passes, first.Blocks, first.Shapes, first.BasisCount);
        if (Count > 1) MethodReason += $"; {Count:N0} shards of {risk.ShardSize:N0} samples";
        if (_kept.First is { Value.Form: null }) first.Dispose();
    }

    /// <inheritdoc/>
    public CurvatureMethod Method { get; }

    /// <inheritdoc/>
    public string MethodReason { get; }

    /// <inheritdoc/>
    public ProbeSpace ProbeSpace { get; }

    /// <inheritdoc/>
    public double Passes { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Blocks { get; }

    /// <inheritdoc/>
    public IReadOnlyList<long[]> Shapes { get; }

    /// <inheritdoc/>
    public int Columns => ProbeValues.ColumnsOf(Blocks, Shapes);

    /// <inheritdoc/>
    public long BasisCount { get; }

    /// <inheritdoc/>
    public long ShardSize => _risk.ShardSize;

    private long Count => _risk.Shards.Shards;

    /// <inheritdoc/>
    public ProbeValues Evaluate(long firstProbe, int count, CancellationToken cancellation = default)
    {
        var fold = new ShardFold(Count, _risk.Loss.Reduction == Reduction.Sum);
        for (long shard = 0; shard < Count; shard++)
            fold.Add(Evaluate(_risk.Shards.Of(firstProbe, count, shard), keeps: true, cancellation));
        return fold.Result();
    }

    /// <inheritdoc/>
    public ProbeValues Evaluate(Tile tile, bool keeps, CancellationToken cancellation = default)
    {
        long shard = tile.FirstSample / ShardSize;
        var form = FormOf(shard);
        var values = form?.Evaluate(tile.FirstProbe, tile.Probes, cancellation)
            ?? ProbeValues.OfNothing(tile.FirstProbe, tile.Probes, Columns);
        if (!keeps && Count > 1) Dispose();
        return values;
    }

    /// <inheritdoc/>
    public ProbeValues WarmUp(CancellationToken cancellation = default)
    {
        var first = FormOf(0)?.WarmUp(cancellation) ?? Evaluate(_risk.Shards.Of(0, 1, 0), keeps: true, cancellation);
        // Whoever warms up need not be the one to compute with the first shard.
        if (Count > 1) Dispose();
        return first;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        while (_kept.First is { } first) GiveUp(first);
    }

    /// <summary>A shard's form, the first of the kept ones from now on; null where none of its samples counts.</summary>
    private IQuadraticForm? FormOf(long shard)
    {
        for (var node = _kept.First; node is not null; node = node.Next)
        {
            if (node.Value.Shard != shard) continue;
            _kept.Remove(node);
            _kept.AddFirst(node);
            return node.Value.Form;
        }

        // Before the next one is made.
        long bytes = _kept.Sum(one => one.Bytes), largest = _kept.Count == 0 ? 0 : _kept.Max(one => one.Bytes);
        while (_kept.Last is { } last && bytes + largest > _budget)
        {
            bytes -= last.Value.Bytes;
            GiveUp(last);
        }

        var risk = _risk.Open(shard, _microBatch);
        var form = _risk.Weight(shard) == 0 ? null : _create(risk);
        // One of several micro-batches keeps nothing, and reads samples that are there until another shard is opened.
        if (form is not (MicroBatchedForm or DiagonalForm { Inner: MicroBatchedForm })) _kept.AddFirst((shard, form, form?.KeptBytes ?? 0));
        return form;
    }

    private void GiveUp(LinkedListNode<(long Shard, IQuadraticForm? Form, long Bytes)> node)
    {
        _kept.Remove(node);
        node.Value.Form?.Dispose();
    }
}
