using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace ActorHutch.Curvature.Operators;

/// <summary>
/// Quadratic forms of consecutive probes: row i is probe <c>FirstProbe + i</c>, column b is block b. A probe's vᵀHv
/// is the sum of its row.
/// </summary>
public sealed class ProbeValues
{
    private readonly double[] _values;

    /// <summary>Wraps values that the caller gives away.</summary>
    /// <param name="firstProbe">The first row's probe.</param>
    /// <param name="columns">Values per probe, at least 1.</param>
    /// <param name="values">Row by row; the length is a multiple of <paramref name="columns"/>.</param>
    public ProbeValues(long firstProbe, int columns, double[] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentOutOfRangeException.ThrowIfNegative(firstProbe);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        if (values.Length % columns != 0)
            throw new ArgumentException($"{values.Length} values do not fill rows of {columns}.", nameof(values));

        FirstProbe = firstProbe;
        Columns = columns;
        _values = values;
    }

    /// <summary>How many values a probe has.</summary>
    /// <param name="blocks">Names of the blocks that are told apart; none where only their sum is known.</param>
    /// <param name="shapes">Their shapes, where each parameter has a value of its own; else none.</param>
    public static int ColumnsOf(IReadOnlyList<string> blocks, IReadOnlyList<long[]> shapes)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        ArgumentNullException.ThrowIfNull(shapes);
        return shapes.Count == 0 ? Math.Max(1, blocks.Count) : checked((int)shapes.Sum(shape => shape.Aggregate(1L, (size, length) => size * length)));
    }

    /// <summary>Those of samples of which none counts: zeros without a weight.</summary>
    internal static ProbeValues OfNothing(long firstProbe, int count, int columns) =>
        new(firstProbe, columns, new double[count * columns]) { Weight = 0 };

    /// <summary>The number of the first row's probe.</summary>
    public long FirstProbe { get; }

    /// <summary>How many probes.</summary>
    public int Count => _values.Length / Columns;

    /// <summary>How many values a probe has: one a block, or one in all, or one a parameter.</summary>
    public int Columns { get; }

    /// <summary>
    /// How much they count beside those of other samples: what the loss of their samples divides by, 1 where it is a sum.
    /// Default: 1.
    /// </summary>
    public double Weight { get; init; } = 1;

    /// <summary>How much the probes vary sample by sample; null where samples share their probes, or it is not known.</summary>
    public SampleSpread? Spread { get; init; }

    /// <summary>These with their spread.</summary>
    internal ProbeValues With(SampleSpread? spread) => new(FirstProbe, Columns, _values) { Weight = Weight, Spread = spread };

    /// <summary>All values, row by row.</summary>
    public ReadOnlySpan<double> Values => _values;

    /// <summary>The values of one probe, one a column.</summary>
    /// <param name="row">From 0 to <see cref="Count"/>.</param>
    public ReadOnlySpan<double> this[int row] => _values.AsSpan(row * Columns, Columns);

    /// <summary>vᵀHv of one probe: its row's sum, from the first column to the last.</summary>
    /// <param name="row">From 0 to <see cref="Count"/>.</param>
    public double Total(int row)
    {
        double sum = 0;
        foreach (double value in this[row]) sum += value;
        return sum;
    }

    /// <summary>
    /// Eight bytes that differ where a bit of the values, of their spread or of the weight does: the beginning of their SHA-256.
    /// </summary>
    public ulong Digest
    {
        get
        {
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            if (Spread is { } spread)
            {
                using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
                all.AppendData(MemoryMarshal.AsBytes(Values));
                all.AppendData(MemoryMarshal.AsBytes(spread.Variances));
                all.AppendData(MemoryMarshal.AsBytes(spread.Squares));
                all.GetHashAndReset(hash);
            }
            else
            {
                SHA256.HashData(MemoryMarshal.AsBytes(Values), hash);
            }

            return BinaryPrimitives.ReadUInt64LittleEndian(hash) ^ BitConverter.DoubleToUInt64Bits(Weight);
        }
    }

    /// <summary>
    /// What is said of the first probe whose vᵀHv is NaN or infinite, with its number and block; null where there is none.
    /// </summary>
    /// <param name="blocks">Names of the columns; none where there is one without a name.</param>
    public string? FirstNotFinite(IReadOnlyList<string> blocks)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        for (int row = 0; row < Count; row++)
        {
            double total = Total(row);
            if (double.IsFinite(total)) continue;
            int column = this[row].IndexOfAnyExceptInRange(double.MinValue, double.MaxValue);
            // One value a parameter has no name.
            string block = column < 0 || blocks.Count != Columns ? "" : $", block {blocks[column]}";
            double value = column < 0 ? total : this[row][column];
            return FormattableString.Invariant($"The quadratic form of probe {FirstProbe + row}{block} is {value}.");
        }

        return null;
    }
}
