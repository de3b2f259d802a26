using ActorHutch.Curvature;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;

namespace ActorHutch.Fakes;

/// <summary>
/// Quadratic forms that are a function of seed, probe and block alone, as real ones are, and need no libtorch. Random
/// probes scatter about a trace of 10 + 2; basis vectors add up to it exactly.
/// </summary>
public sealed class FakeQuadraticForm(CurvatureOptions options) : IQuadraticForm
{
    public const double Trace = 12;

    /// <summary>Called before each evaluation: to block, to throw, to count.</summary>
    public Action<long, int, CancellationToken>? OnEvaluate { get; init; }

    /// <summary>Called before it warms up, which is an evaluation too.</summary>
    public Action? OnWarmUp { get; init; }

    /// <summary>What becomes of its values.</summary>
    public Func<ProbeValues, ProbeValues> Changed { get; init; } = values => values;

    public CurvatureMethod Method => options.Method ?? CurvatureMethod.Quadratic;

    public string MethodReason => options.Method is null ? "the fake has one" : "asked for";

    public ProbeSpace ProbeSpace => options.ProbeSpace ?? ProbeSpace.Output;

    public IReadOnlyList<string> Blocks => ["first.weight", "second.weight"];

    public long BasisCount { get; init; } = 8;

    /// <summary>What is added to the first block's trace.</summary>
    public double Rounding { get; init; }

    public long ShardSize { get; init; } = Curvature.ShardSize.Whole;

    public bool Disposed { get; private set; }

    /// <summary>The blocks' shapes where products are asked for.</summary>
    public static IReadOnlyList<long[]> ProductShapes { get; } = [[5, 6], [10]];

    /// <summary>How many parameters they are of.</summary>
    public const int Parameters = 40;

    public IReadOnlyList<long[]> Shapes => options.Result == ProbeResult.Product ? ProductShapes : [];

    /// <summary>What any worker must compute.</summary>
    public static double Value(ulong seed, long probe, int block)
    {
        ulong bits = seed * 0x9E3779B97F4A7C15 + (ulong)probe * 0xBF58476D1CE4E5B9 + (ulong)block * 0x94D049BB133111EB;
        bits = (bits ^ (bits >> 31)) * 0xD6E8FEB86659FD93;
        bits ^= bits >> 32;
        double noise = (bits >> 11) * (1.0 / (1UL << 53)) - 0.5;
        return (block == 0 ? 10 : 2) + noise;
    }

    public static ProbeValues Values(ulong seed, long firstProbe, int count) => new(
        firstProbe, 2, [.. Enumerable.Range(0, count * 2).Select(i => Value(seed, firstProbe + i / 2, i % 2))]);

    public ProbeValues Evaluate(long firstProbe, int count, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        OnEvaluate?.Invoke(firstProbe, count, cancellation);
        if (options.Result == ProbeResult.Product) return Changed(Products(options.Vectors?.Rows, firstProbe, count));
        return Changed(options.Distribution == ProbeDistribution.Basis
            ? Rounded(Lanes(BasisCount, firstProbe, count), Rounding / BasisCount)
            : Rounded(Values(options.Seed, firstProbe, count), Rounding));
    }

    public ProbeValues Evaluate(Tile tile, bool keeps, CancellationToken cancellation = default)
    {
        var values = Evaluate(tile.FirstProbe, tile.Probes, cancellation);
        return ShardSize == Curvature.ShardSize.Whole ? values : OfShard(values, tile);
    }

    /// <summary>What they are for one shard: another number for each, and as much weight as there are samples.</summary>
    public static ProbeValues OfShard(ProbeValues values, Tile tile) =>
        new(values.FirstProbe, values.Columns, [.. values.Values.ToArray().Select(value => value * (1 + 0.1 * tile.FirstSample))]) { Weight = tile.Samples };

    /// <summary>
    /// The products of some rows with a symmetric matrix; of a row that is not given, with a vector of ones, which nobody asks for but to
    /// warm up.
    /// </summary>
    public static ProbeValues Products(ProbeValues? rows, long firstProbe, int count)
    {
        double[] products = new double[count * Parameters];
        for (int row = 0; row < count; row++)
        {
            long at = firstProbe + row - (rows?.FirstProbe ?? 0);
            bool isGiven = rows is not null && at >= 0 && at < rows.Count;
            for (int i = 0; i < Parameters; i++)
            {
                double sum = 0;
                for (int j = 0; j < Parameters; j++) sum += Value(99, Math.Min(i, j), Math.Max(i, j)) * (isGiven ? rows![(int)at][j] : 1);
                products[row * Parameters + i] = sum;
            }
        }

        return new ProbeValues(firstProbe, Parameters, products);
    }

    public ProbeValues WarmUp(CancellationToken cancellation = default)
    {
        OnWarmUp?.Invoke();
        return Evaluate(0, 1, cancellation);
    }

    /// <summary>What they are with rounding added to the first block's trace.</summary>
    public static ProbeValues Rounded(ProbeValues values, double rounding) => rounding == 0
        ? values
        : new ProbeValues(
            values.FirstProbe, 2, [.. values.Values.ToArray().Select((value, i) => i % 2 == 0 ? value + rounding : value)]);

    /// <summary>What any worker must compute for an exact trace.</summary>
    public static ProbeValues Lanes(long basisCount, long firstProbe, int count) => new(
        firstProbe, 2, [.. Enumerable.Range(0, count * 2).Select(i => (i % 2 == 0 ? 10.0 : 2.0) / basisCount)]);

    public void Dispose() => Disposed = true;
}
