using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;

namespace ActorHutch.Curvature.Operators;

/// <summary>
/// The quadratic forms of a risk in shards, each for itself. What was computed of a shard, its values and derivatives, is kept for
/// its next probes as far as the memory budget goes. Shards are used in turns, so that the one that was used last is wanted last, and gives way to another.
/// </summary>
internal sealed class ShardedForm : IQuadraticForm
{
    private readonly ShardedRisk _risk;
    private readonly Func<MicroBatchedRisk, IQuadraticForm> _create;
    private readonly long _microBatch;
    private readonly long _budget;
    private readonly List<Kept> _kept = [];
    private readonly HashSet<long> _seen = [];
    private long _uses;

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
        if (_kept is [{ Form: null }]) first.Dispose();
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
        while (_kept.Count > 0) GiveUp(_kept[^1]);
    }

    /// <summary>A shard's form; null where none of its samples counts.</summary>
    private IQuadraticForm? FormOf(long shard)
    {
        _uses++;
        _seen.Add(shard);
        if (_kept.Find(one => one.Shard == shard) is { } kept)
        {
            kept.LastUse = _uses;
            return kept.Form;
        }

        // Before the next one is made.
        long largest = _kept.Count == 0 ? 0 : _kept.Max(one => one.Bytes);
        while (_kept.Count > 0 && _kept.Sum(one => one.Bytes) + largest > _budget) GiveUp(Dispensable());

        var risk = _risk.Open(shard, _microBatch);
        var form = _risk.Weight(shard) == 0 ? null : _create(risk);
        // One of several micro-batches keeps nothing, and reads samples that are there until another shard is opened.
        if (form is not (MicroBatchedForm or DiagonalForm { Inner: MicroBatchedForm })) _kept.Add(new Kept(shard, form, form?.KeptBytes ?? 0) { LastUse = _uses });
        return form;
    }

    /// <summary>One that had its turn twice and was not used is somebody else's now; else the one whose next turn is farthest.</summary>
    private Kept Dispensable()
    {
        var oldest = _kept.MinBy(one => one.LastUse)!;
        return _uses - oldest.LastUse > 2L * _seen.Count ? oldest : _kept.MaxBy(one => one.LastUse)!;
    }

    private void GiveUp(Kept kept)
    {
        _kept.Remove(kept);
        kept.Form?.Dispose();
    }

    private sealed class Kept(long shard, IQuadraticForm? form, long bytes)
    {
        public long Shard => shard;

        public IQuadraticForm? Form => form;

        public long Bytes => bytes;

        public long LastUse { get; set; }
    }
}
