using System.Buffers.Binary;
using ActorHutch.Curvature.Data.Arrays;
using ActorHutch.Curvature.Data.Bytes;

namespace ActorHutch.Curvature.Data.Formats;

/// <summary>
/// The format of MNIST: 0, 0, the elements' type, the number of dimensions, each dimension in four bytes, the elements;
/// all big-endian. See http://yann.lecun.com/exdb/mnist.
/// </summary>
internal static class IdxFormat
{
    /// <summary>The one array.</summary>
    public static StoredArray Array(ByteSource bytes)
    {
        ReadOnlySpan<byte> start = bytes.Head(4);
        var element = Element(bytes, start[2]) with { BigEndian = true };
        int rank = start[3];
        if (rank == 0) throw bytes.Wrong("byte 3, the number of dimensions, is 0; IDX has at least 1.");

        int headerLength = 4 + (4 * rank);
        ReadOnlySpan<byte> header = bytes.Head(headerLength);
        if (header.Length < headerLength)
            throw bytes.Wrong($"it ends after {header.Length} bytes, in the header: {rank} dimensions take {headerLength}.");
        long[] shape = new long[rank];
        for (int i = 0; i < rank; i++) shape[i] = BinaryPrimitives.ReadUInt32BigEndian(header[(4 + (4 * i))..]);

        bytes.Expect(headerLength + ArrayShape.ByteCount(bytes, shape, element.StoredSize));
        return new LaidOutArray("", bytes.Place, shape, element, bytes, headerLength)
        {
            // The format of MNIST's images, whose bytes are shades from 0 to 1 to everybody who reads them.
            Scale = element.Dtype is TorchSharp.torch.ScalarType.Byte ? InputScale.OfBytes : null,
        };
    }

    private static ElementFormat Element(ByteSource bytes, byte code) => code switch
    {
        0x08 => ElementFormat.UInt8,
        0x09 => ElementFormat.Int8,
        0x0B => ElementFormat.Int16,
        0x0C => ElementFormat.Int32,
        0x0D => ElementFormat.Float32,
        0x0E => ElementFormat.Float64,
        _ => throw bytes.Wrong($"byte 2, the type of IDX's elements, is 0x{code:X2}; it is one of 0x08 (uint8), 0x09 "
            + "(int8), 0x0B (int16), 0x0C (int32), 0x0D (float32) and 0x0E (float64)."),
    };
}
