using System.Runtime.InteropServices;
using ActorHutch.Curvature.Data.Bytes;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Data.Arrays;

/// <summary>An array whose elements follow each other in some bytes.</summary>
/// <param name="name">Its name.</param>
/// <param name="place">What messages call it.</param>
/// <param name="shape">Its shape, whose bytes the source is known to have.</param>
/// <param name="element">Its elements.</param>
/// <param name="source">The bytes.</param>
/// <param name="start">Where in them it starts.</param>
internal sealed class LaidOutArray(
    string name, string place, long[] shape, ElementFormat element, ByteSource source, long start)
    : StoredArray(name, shape, element.Dtype)
{
    private const int PieceSize = 4 << 20;

    private readonly long[] _shape = shape;

    /// <summary>The first index runs fastest, as in Fortran.</summary>
    public bool Fortran { get; init; }

    public override Tensor Read()
    {
        if (_shape.Length > 0) return Read(0, _shape[0]);
        using var flat = Allocate(1);
        Fill(flat, 0, 0, 1);
        return flat.view(_shape);
    }

    public override Tensor Read(long first, long count)
    {
        if (_shape.Length == 0) throw new ArgumentException($"{place} is a single number and has no rows.");
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, _shape[0] - count, nameof(first));

        long rowSize = _shape.AsSpan(1).Contains(0) ? 0 : _shape[1..].Aggregate(1L, (size, length) => size * length);
        using var scope = NewDisposeScope();
        var flat = Allocate(count * rowSize);
        if (!Fortran || count == _shape[0] || rowSize == 0 || count == 0)
        {
            Fill(flat, 0, first * rowSize, count * rowSize);
        }
        else
        {
            // Each of the other indices has the rows that are asked for in one run.
            for (long column = 0; column < rowSize; column++) Fill(flat, column * count, (column * _shape[0]) + first, count);
        }

        long[] rows = [count, .. _shape[1..]];
        if (!Fortran) return flat.view(rows).MoveToOuterDisposeScope();
        Array.Reverse(rows);
        long[] reversed = [.. Enumerable.Range(1, rows.Length).Select(i => (long)rows.Length - i)];
        return flat.view(rows).permute(reversed).contiguous().MoveToOuterDisposeScope();
    }

    private Tensor Allocate(long count)
    {
        // First, since it may find that there is less than was declared.
        source.Prepare();
        try
        {
            return empty([count], Dtype);
        }
        catch (ExternalException error)
        {
            throw new CurvatureException(
                $"{place}: {count} elements of {Dtype} do not fit into memory; read fewer rows at a time.", error);
        }
    }

    private void Fill(Tensor flat, long at, long from, long count)
    {
        long pieceCount = PieceSize / element.Size;
        for (long done = 0; done < count; done += pieceCount)
        {
            long length = Math.Min(pieceCount, count - done);
            using var piece = flat.narrow(0, at + done, length);
            var memory = piece.bytes;
            source.Read(
                start + ((from + done) * element.StoredSize), memory[^(int)(length * element.StoredSize)..]);
            if (element.Decode(memory) is var (index, message))
                throw new CurvatureException($"{place}: element {from + done + index} {message}.");
        }
    }
}
