using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ActorHutch.Curvature.Probes;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operations;

/// <summary>
/// Products S·A with matrices S of signs, on the CPU and in single precision, about two and a half
/// times as fast as a matrix product that does not know about the signs.
/// </summary>
/// <remarks>
/// Four rows of A have sixteen signed sums. They are tabulated once; after that, four bits of S say which of them is
/// added, and one vector addition does the work of four multiplications. (V. L. Arlazarov, E. A. Dinic, M. A. Kronrod
/// and I. A. Faradžev, «On economical construction of the transitive closure of a directed graph», 1970, did the same
/// for Boolean matrices.) No sum depends on how many rows of S are multiplied at once.
/// </remarks>
internal sealed unsafe class SignTables : IDisposable
{
    /// <summary>Rows of A in one table.</summary>
    private const int GroupRows = 4;

    private const int Sums = 1 << GroupRows;

    /// <summary>Columns taken at once: as many as eight vector registers hold.</summary>
    private const int Tile = 64;

    /// <summary>
    /// Tables taken at once: 48 KiB, which stay near while all rows of S pass by. Fewer would pass the result through
    /// the caches more often, which was measured to cost more.
    /// </summary>
    private const int GroupsAtOnce = 12;

    private const int TableFloats = Sums * Tile;

    /// <summary>Columns of one register that every processor has.</summary>
    private const int Few = 8;

    private readonly int _inner;
    private readonly int _columns;
    private readonly int _groups;
    private readonly int _tiles;
    private float* _tables;

    /// <summary>Tabulates a matrix, for many products.</summary>
    /// <param name="matrix">A, <c>[K, M]</c>, float32, contiguous, on the CPU.</param>
    public SignTables(Tensor matrix) : this(matrix.shape)
    {
        _tables = Allocate((nuint)_groups * (nuint)_tiles);
        float* source = (float*)Unsafe.AsPointer(ref Address(matrix));
        for (int tile = 0; tile < _tiles; tile++) Fill(source, tile, 0, _groups, Table(tile, 0));
    }

    private SignTables(long[] shape)
    {
        _inner = checked((int)shape[0]);
        _columns = checked((int)shape[1]);
        _groups = (_inner + GroupRows - 1) / GroupRows;
        _tiles = (_columns + Tile - 1) / Tile;
    }

    /// <summary>Whether this processor has vector registers that make it worthwhile.</summary>
    public static bool IsSupported => Vector256.IsHardwareAccelerated && BitConverter.IsLittleEndian;

    /// <summary>Bytes that the tables of a matrix take.</summary>
    public static long Bytes(long inner, long columns) =>
        (inner + GroupRows - 1) / GroupRows * ((columns + Tile - 1) / Tile) * TableFloats * sizeof(float);

    /// <summary>S·A for each lane.</summary>
    /// <param name="signs">S, for each lane <c>[rows, K]</c> in row-major order.</param>
    /// <param name="rows">Rows of S in each lane.</param>
    /// <returns><c>[P, rows, M]</c>.</returns>
    public Tensor Multiply(PackedSigns signs, int rows)
    {
        var result = empty([signs.Lanes, rows, _columns], ScalarType.Float32);
        MultiplyInto(signs, 0, signs.Lanes, rows, (float*)Unsafe.AsPointer(ref Address(result)));
        return result;
    }

    /// <summary>S·A of one lane for a matrix of its own, whose tables are made when they are needed and never leave the caches.</summary>
    /// <param name="matrix">A, <c>[K, M]</c>, float32, contiguous, on the CPU.</param>
    /// <param name="signs">The stack.</param>
    /// <param name="lane">Which of its lanes.</param>
    /// <param name="rows">Rows of S in each lane.</param>
    /// <param name="result"><c>[rows, M]</c>, contiguous: written to.</param>
    public static void MultiplyOnce(Tensor matrix, PackedSigns signs, int lane, int rows, Tensor result)
    {
        using var tables = new SignTables(matrix.shape);
        tables._tables = Allocate(GroupsAtOnce);
        tables.MultiplyInto(
            signs, lane, 1, rows, (float*)Unsafe.AsPointer(ref Address(result)), (float*)Unsafe.AsPointer(ref Address(matrix)));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(_tables);
        _tables = null;
    }

    private static ref float Address(Tensor tensor)
    {
        using var flat = tensor.view(-1);
        using var head = flat.narrow(0, 0, 1);
        return ref MemoryMarshal.GetReference(MemoryMarshal.Cast<byte, float>(head.bytes));
    }

    private float* Table(int tile, int group) => _tables + ((long)tile * _groups + group) * TableFloats;

    private static float* Allocate(nuint tables) =>
        (float*)NativeMemory.AlignedAlloc(tables * TableFloats * sizeof(float), 64);

    /// <summary>Tables of some groups of rows in one tile of the columns.</summary>
    private void Fill(float* matrix, int tile, int firstGroup, int groups, float* tables)
    {
        float* edge = stackalloc float[GroupRows * Tile];
        int width = Math.Min(Tile, _columns - tile * Tile);
        for (int group = firstGroup; group < firstGroup + groups; group++, tables += TableFloats)
        {
            float* source = matrix + (long)group * GroupRows * _columns + tile * Tile;
            int rows = Math.Min(GroupRows, _inner - group * GroupRows);
            if (width == Tile && rows == GroupRows)
            {
                Tabulate(source, _columns, tables);
                continue;
            }

            // Beyond the matrix's edges are zeros, which any sign leaves as they are.
            new Span<float>(edge, GroupRows * Tile).Clear();
            for (int r = 0; r < rows; r++)
                new Span<float>(source + (long)r * _columns, width).CopyTo(new Span<float>(edge + r * Tile, width));
            Tabulate(edge, Tile, tables);
        }
    }

    /// <summary>All ±a ± b ± c ± d; bit r of a sum's number is set where row r is added.</summary>
    private static void Tabulate(float* rows, long stride, float* table)
    {
        for (int at = 0; at < Tile; at += Vector256<float>.Count)
        {
            var a = Vector256.Load(rows + at);
            var b = Vector256.Load(rows + stride + at);
            var c = Vector256.Load(rows + 2 * stride + at);
            var d = Vector256.Load(rows + 3 * stride + at);
            var (sum, difference) = (a + b, a - b);
            float* target = table + at;
            Four(-sum, difference, c, d, target);
            target += 2 * Tile;
            Four(-difference, sum, c, d, target);
        }

        // Sums 0 and 1 of the first two rows, or 2 and 3, with each of the last two rows'.
        static void Four(Vector256<float> low, Vector256<float> next, Vector256<float> c, Vector256<float> d, float* target)
        {
            var (sum, difference) = (c + d, c - d);
            (low - sum).StoreAligned(target);
            (next - sum).StoreAligned(target + Tile);
            (low + difference).StoreAligned(target + 4 * Tile);
            (next + difference).StoreAligned(target + 5 * Tile);
            (low - difference).StoreAligned(target + 8 * Tile);
            (next - difference).StoreAligned(target + 9 * Tile);
            (low + sum).StoreAligned(target + 12 * Tile);
            (next + sum).StoreAligned(target + 13 * Tile);
        }
    }

    // matrix: A where its tables are made here, some at a time; null where they are there.
    private void MultiplyInto(PackedSigns signs, int firstLane, int lanes, int rows, float* result, float* matrix = null)
    {
        float* edge = stackalloc float[Tile];
        fixed (uint* words = signs.Words)
        {
            for (int tile = 0; tile < _tiles; tile++)
            {
                int width = Math.Min(Tile, _columns - tile * Tile);
                for (int group = 0; group < _groups; group += GroupsAtOnce)
                {
                    int groups = Math.Min(GroupsAtOnce, _groups - group);
                    float* tables = matrix is null ? Table(tile, group) : _tables;
                    if (matrix is not null) Fill(matrix, tile, group, groups, tables);
                    for (int lane = 0; lane < lanes; lane++)
                    {
                        byte* bits = (byte*)(words + (long)(firstLane + lane) * signs.WordsPerLane);
                        float* target = result + (long)lane * rows * _columns + tile * Tile;
                        long bit = group * GroupRows;
                        for (int row = 0; row < rows; row++, bit += _inner, target += _columns)
                        {
                            // At most 48 bits from any bit of a byte on: 64 bits always hold them.
                            ulong numbers = Unsafe.ReadUnaligned<ulong>(bits + (bit >> 3)) >> (int)(bit & 7);
                            if (width == Tile) AddRow(tables, numbers, groups, target, group > 0);
                            else AddEdge(tables, numbers, groups, target, group > 0, edge, width);
                        }
                    }
                }
            }
        }
    }

    /// <summary>The same for the columns behind the last full tile. A few of them have registers of their own, in place of a tile's.</summary>
    private static void AddEdge(float* tables, ulong numbers, int groups, float* target, bool onTop, float* edge, int width)
    {
        if (width is Few or 2 * Few)
        {
            for (int at = 0; at < width; at += Few)
            {
                var sum = onTop ? Vector256.Load(target + at) : Vector256<float>.Zero;
                float* table = tables + at;
                ulong rest = numbers;
                for (int group = 0; group < groups; group++, table += TableFloats, rest >>= GroupRows)
                    sum += Vector256.LoadAligned(table + (int)(rest & (Sums - 1)) * Tile);
                sum.Store(target + at);
            }

            return;
        }

        if (onTop) new Span<float>(target, width).CopyTo(new Span<float>(edge, width));
        AddRow(tables, numbers, groups, edge, onTop);
        new Span<float>(edge, width).CopyTo(new Span<float>(target, width));
    }

    /// <summary>Adds one signed sum of each table to 64 columns of one row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddRow(float* tables, ulong numbers, int groups, float* target, bool onTop)
    {
        if (Vector512.IsHardwareAccelerated) AddWide(tables, numbers, groups, target, onTop);
        else AddNarrow(tables, numbers, groups, target, onTop);
    }

    /// <summary>Each sum is the same as with registers of half the width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddWide(float* tables, ulong numbers, int groups, float* target, bool onTop)
    {
        var s0 = onTop ? Vector512.Load(target) : Vector512<float>.Zero;
        var s1 = onTop ? Vector512.Load(target + 16) : Vector512<float>.Zero;
        var s2 = onTop ? Vector512.Load(target + 32) : Vector512<float>.Zero;
        var s3 = onTop ? Vector512.Load(target + 48) : Vector512<float>.Zero;
        for (int group = 0; group < groups; group++)
        {
            float* sum = tables + (int)(numbers & (Sums - 1)) * Tile;
            s0 += Vector512.LoadAligned(sum);
            s1 += Vector512.LoadAligned(sum + 16);
            s2 += Vector512.LoadAligned(sum + 32);
            s3 += Vector512.LoadAligned(sum + 48);
            tables += TableFloats;
            numbers >>= GroupRows;
        }

        s0.Store(target);
        s1.Store(target + 16);
        s2.Store(target + 32);
        s3.Store(target + 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddNarrow(float* tables, ulong numbers, int groups, float* target, bool onTop)
    {
        Vector256<float> s0, s1, s2, s3, s4, s5, s6, s7;
        if (onTop)
        {
            s0 = Vector256.Load(target);
            s1 = Vector256.Load(target + 8);
            s2 = Vector256.Load(target + 16);
            s3 = Vector256.Load(target + 24);
            s4 = Vector256.Load(target + 32);
            s5 = Vector256.Load(target + 40);
            s6 = Vector256.Load(target + 48);
            s7 = Vector256.Load(target + 56);
        }
        else
        {
            s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = Vector256<float>.Zero;
        }

        for (int group = 0; group < groups; group++)
        {
            float* sum = tables + (int)(numbers & (Sums - 1)) * Tile;
            s0 += Vector256.LoadAligned(sum);
            s1 += Vector256.LoadAligned(sum + 8);
            s2 += Vector256.LoadAligned(sum + 16);
            s3 += Vector256.LoadAligned(sum + 24);
            s4 += Vector256.LoadAligned(sum + 32);
            s5 += Vector256.LoadAligned(sum + 40);
            s6 += Vector256.LoadAligned(sum + 48);
            s7 += Vector256.LoadAligned(sum + 56);
            tables += TableFloats;
            numbers >>= GroupRows;
        }

        s0.Store(target);
        s1.Store(target + 8);
        s2.Store(target + 16);
        s3.Store(target + 24);
        s4.Store(target + 32);
        s5.Store(target + 40);
        s6.Store(target + 48);
        s7.Store(target + 56);
    }
}
