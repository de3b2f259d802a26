using System.Numerics;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Data;

/// <summary>A type of elements: what the formats call it, some values of it, and their bytes.</summary>
/// <param name="Dtype">What it is in memory.</param>
/// <param name="Idx">Its code in IDX, if it has one.</param>
/// <param name="Npy">Its name in .npy, without a byte order.</param>
/// <param name="Safetensors">Its name in safetensors.</param>
/// <param name="Values">Six values.</param>
/// <param name="Encode">A value's bytes, little-endian.</param>
public sealed record Element(
    ScalarType Dtype, int? Idx, string? Npy, string Safetensors, double[] Values, Func<double, byte[]> Encode)
{
    private static readonly double[] Fractions = [0, 1, -2.5, 0.125, 1024, double.PositiveInfinity];

    public static readonly IReadOnlyDictionary<string, Element> All = new Element[]
    {
        new(ScalarType.Bool, null, "b1", "BOOL", [0, 1, 1, 0, 1, 0], value => [(byte)value]),
        new(ScalarType.Byte, 0x08, "u1", "U8", [0, 1, 127, 128, 254, 255], value => [(byte)value]),
        new(ScalarType.Int8, 0x09, "i1", "I8", [0, 1, -1, 127, -128, 5], Integer<sbyte>),
        new(ScalarType.Int16, 0x0B, "i2", "I16", [0, 1, -1, 32767, -32768, 258], Integer<short>),
        new(ScalarType.Int32, 0x0C, "i4", "I32", [0, 1, -1, int.MaxValue, int.MinValue, 0x01020304], Integer<int>),
        new(ScalarType.Int64, null, "i8", "I64", [0, 1, -1, 1L << 52, -(1L << 62), 0x0102030405], Integer<long>),
        new(ScalarType.Int32, null, "u2", "U16", [0, 1, 32767, 32768, 65535, 258], Integer<ushort>),
        new(ScalarType.Int64, null, "u4", "U32", [0, 1, int.MaxValue, 1L << 31, uint.MaxValue, 258], Integer<uint>),
        new(ScalarType.Int64, null, "u8", "U64", [0, 1, uint.MaxValue, 1L << 52, 1L << 62, 258], Integer<ulong>),
        new(ScalarType.Float16, null, "f2", "F16", Fractions, value => BitConverter.GetBytes((Half)value)),
        new(ScalarType.BFloat16, null, null, "BF16", Fractions, value => BitConverter.GetBytes((float)value)[2..]),
        new(ScalarType.Float32, 0x0D, "f4", "F32", Fractions, value => BitConverter.GetBytes((float)value)),
        new(ScalarType.Float64, 0x0E, "f8", "F64", [.. Fractions[..5], 1e300], BitConverter.GetBytes),
    }.ToDictionary(element => element.Safetensors);

    public int Size => Encode(0).Length;

    /// <summary>The values' bytes, one after another.</summary>
    public byte[] Bytes(IEnumerable<double> values, bool bigEndian = false) =>
        [.. values.SelectMany(value => bigEndian ? Encode(value).AsEnumerable().Reverse() : Encode(value))];

    private static byte[] Integer<T>(double value) where T : IBinaryInteger<T>
    {
        byte[] bytes = new byte[T.Zero.GetByteCount()];
        T.CreateChecked(value).WriteLittleEndian(bytes);
        return bytes;
    }
}
