using ActorHutch.Curvature.Eigenvalues;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Statistics;

namespace ActorHutch.Curvature.Estimation;

/// <summary>What a fold has to know of the values.</summary>
/// <param name="Blocks">Names of the values' columns; empty where there is one without a name.</param>
/// <param name="Grid">All chunks.</param>
/// <param name="Sums">Whether the loss is a sum over the samples, and no mean.</param>
public sealed record FoldOptions(IReadOnlyList<string> Blocks, WorkGrid Grid, bool Sums)
{
    /// <summary>The blocks' shapes, where each parameter has a value of its own; else none.</summary>
    public IReadOnlyList<long[]> Shapes { get; init; } = [];

    /// <summary>Which eigenvalues are wanted, where they are.</summary>
    public EigenvalueOptions Eigenvalues { get; init; } = new();

    /// <summary>Of random vectors that the fold draws. Default: 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>How many values a row has.</summary>
    internal int Columns => ProbeValues.ColumnsOf(Blocks, Shapes);
}

/// <summary>What an estimator makes of the chunks' values, taken in the chunks' order.</summary>
public abstract class ValuesFold
{
    /// <summary>How many of the estimator's units there were so far.</summary>
    public abstract long Count { get; }

    /// <summary>Whether it is known that none of the samples counts for the loss.</summary>
    public abstract bool CountsNothing { get; }

    /// <summary>The units so far as values whose mean is the estimate, and whose standard error is its.</summary>
    public abstract Moments Moments { get; }

    /// <summary>Adds the next chunk's.</summary>
    /// <param name="chunk">Its values.</param>
    /// <returns>What is folded with it, for whoever keeps values; null where other chunks of the same probes are to come.</returns>
    public abstract ProbeValues? Add(ProbeValues chunk);

    /// <summary>
    /// The vectors that the next range of chunks multiplies, numbered as its probes are; null where chunks have probes of their own.
    /// </summary>
    public virtual ProbeValues? Vectors => null;

    /// <summary>Whether nothing more is wanted, whatever chunks there are.</summary>
    public virtual bool IsSettled => false;

    /// <summary>What the chunks up to now come to; null where that says nothing.</summary>
    /// <param name="level">The confidence interval's level.</param>
    /// <param name="rounding">What rounding adds to the interval, at the same level; null where it is not known, or none.</param>
    /// <param name="isComplete">Whether these are all.</param>
    public abstract TraceEstimate? Estimate(double level, RoundingError? rounding, bool isComplete);
}

/// <summary>Probes whose values are those of all shards together, and what an estimator says of them.</summary>
/// <param name="options">What the values are of.</param>
/// <param name="result">What the probes up to now come to, and whether these are all.</param>
internal sealed class ShardedTrace(
    FoldOptions options, Func<TraceAccumulator, double, RoundingError?, bool, TraceEstimate?> result) : ValuesFold
{
    private readonly TraceAccumulator _accumulator = new(options.Blocks);
    private ShardFold? _shards;

    /// <inheritdoc/>
    public override long Count => _accumulator.Count;

    /// <inheritdoc/>
    public override bool CountsNothing => _shards?.CountsNothing ?? false;

    /// <inheritdoc/>
    public override Moments Moments => _accumulator.Moments;

    /// <inheritdoc/>
    public override ProbeValues? Add(ProbeValues chunk)
    {
        _shards ??= new ShardFold(options.Grid.Shards, options.Sums);
        _shards.Add(chunk);
        if (!_shards.IsComplete || CountsNothing) return null;
        var values = _shards.Result();
        _shards = null;
        _accumulator.Add(values);
        return values;
    }

    /// <inheritdoc/>
    public override TraceEstimate? Estimate(double level, RoundingError? rounding, bool isComplete) =>
        Count == 0 ? null : result(_accumulator, level, rounding, isComplete);
}
