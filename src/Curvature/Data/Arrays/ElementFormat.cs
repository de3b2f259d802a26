using System.Buffers.Binary;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Data.Arrays;

/// <summary>What becomes of the stored bytes of an element, besides their order.</summary>
internal enum Conversion
{
    /// <summary>They are the element.</summary>
    None,

    /// <summary>0 or 1; libtorch computes with nothing else.</summary>
    Boolean,

    /// <summary>An unsigned number that gets twice its width.</summary>
    Widened,

    /// <summary>An unsigned number that must fit into a signed one of its width.</summary>
    Narrowed,
}

/// <summary>How a file stores one element, and what it is in memory.</summary>
/// <param name="Dtype">Its type in memory.</param>
/// <param name="StoredSize">Its bytes in the file.</param>
/// <param name="Conversion">How the one becomes the other.</param>
internal sealed record ElementFormat(ScalarType Dtype, int StoredSize, Conversion Conversion = Conversion.None)
{
    public static readonly ElementFormat Boolean = new(ScalarType.Bool, 1, Conversion.Boolean);
    public static readonly ElementFormat UInt8 = new(ScalarType.Byte, 1);
    public static readonly ElementFormat UInt16 = new(ScalarType.Int32, 2, Conversion.Widened);
    public static readonly ElementFormat UInt32 = new(ScalarType.Int64, 4, Conversion.Widened);
    public static readonly ElementFormat UInt64 = new(ScalarType.Int64, 8, Conversion.Narrowed);
    public static readonly ElementFormat Int8 = new(ScalarType.Int8, 1);
    public static readonly ElementFormat Int16 = new(ScalarType.Int16, 2);
    public static readonly ElementFormat Int32 = new(ScalarType.Int32, 4);
    public static readonly ElementFormat Int64 = new(ScalarType.Int64, 8);
    public static readonly ElementFormat Float16 = new(ScalarType.Float16, 2);
    public static readonly ElementFormat BFloat16 = new(ScalarType.BFloat16, 2);
    public static readonly ElementFormat Float32 = new(ScalarType.Float32, 4);
    public static readonly ElementFormat Float64 = new(ScalarType.Float64, 8);

    /// <summary>The most significant byte comes first in the file.</summary>
    public bool BigEndian { get; init; }

    /// <summary>Its bytes in memory.</summary>
    public int Size => Conversion is Conversion.Widened ? 2 * StoredSize : StoredSize;

    /// <summary>
    /// Makes elements of stored bytes, in place: they lie at the end of the elements' memory, so that each is read before
    /// what it becomes is written.
    /// </summary>
    /// <returns>Null; or what is wrong with which element.</returns>
    public (int Index, string Message)? Decode(Span<byte> memory)
    {
        var stored = memory[^(memory.Length / Size * StoredSize)..];
        if (BigEndian == BitConverter.IsLittleEndian) Reverse(stored);
        switch (Conversion)
        {
            case Conversion.Boolean:
                int odd = stored.IndexOfAnyExceptInRange((byte)0, (byte)1);
                return odd < 0 ? null : (odd, $"is {stored[odd]}, and a boolean is 0 or 1");
            case Conversion.Narrowed:
                int large = MemoryMarshal.Cast<byte, long>(stored).IndexOfAnyInRange(long.MinValue, -1);
                return large < 0
                    ? null
                    : (large, $"is {MemoryMarshal.Cast<byte, ulong>(stored)[large]}, and does not fit into Int64");
            case Conversion.Widened when StoredSize is 2:
                Widen<ushort, int>(stored, memory, static value => value);
                return null;
            case Conversion.Widened:
                Widen<uint, long>(stored, memory, static value => value);
                return null;
            default:
                return null;
        }
    }

    private void Reverse(Span<byte> stored)
    {
        switch (StoredSize)
        {
            case 2:
                var shorts = MemoryMarshal.Cast<byte, ushort>(stored);
                BinaryPrimitives.ReverseEndianness(shorts, shorts);
                break;
            case 4:
                var ints = MemoryMarshal.Cast<byte, uint>(stored);
                BinaryPrimitives.ReverseEndianness(ints, ints);
                break;
            case 8:
                var longs = MemoryMarshal.Cast<byte, ulong>(stored);
                BinaryPrimitives.ReverseEndianness(longs, longs);
                break;
        }
    }

    private static void Widen<TStored, T>(Span<byte> stored, Span<byte> memory, Func<TStored, T> widen)
        where TStored : struct where T : struct
    {
        var from = MemoryMarshal.Cast<byte, TStored>(stored);
        var to = MemoryMarshal.Cast<byte, T>(memory);
        for (int i = 0; i < from.Length; i++) to[i] = widen(from[i]);
    }
}
