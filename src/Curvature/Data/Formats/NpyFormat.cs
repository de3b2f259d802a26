using System.Buffers.Binary;
using System.Text;
using ActorHutch.Curvature.Data.Arrays;
using ActorHutch.Curvature.Data.Bytes;

namespace ActorHutch.Curvature.Data.Formats;

/// <summary>
/// NumPy's format of one array, versions 1 to 3: a magic string, the version, the length of a header, the header as the
/// text of a Python dictionary, the elements. See numpy.lib.format.
/// </summary>
internal static class NpyFormat
{
    private const int MaxHeaderLength = 1 << 16;

    /// <summary>The one array, under a name.</summary>
    public static StoredArray Array(ByteSource bytes, string name)
    {
        ReadOnlySpan<byte> start = bytes.Head(12);
        if (start.Length < 12) throw bytes.Wrong($"it ends after {start.Length} bytes, in the header of .npy.");
        int version = start[6];
        if (version is < 1 or > 3)
            throw bytes.Wrong($"byte 6, the version of .npy, is {version}; versions 1, 2 and 3 are read.");

        int textStart = version == 1 ? 10 : 12;
        long textLength = version == 1
            ? BinaryPrimitives.ReadUInt16LittleEndian(start[8..])
            : BinaryPrimitives.ReadUInt32LittleEndian(start[8..]);
        if (textLength > MaxHeaderLength)
            throw bytes.Wrong($"bytes 8 to 12 say that the header has {textLength} bytes; at most {MaxHeaderLength} are read.");

        int dataStart = textStart + (int)textLength;
        ReadOnlySpan<byte> head = bytes.Head(dataStart);
        if (head.Length < dataStart)
            throw bytes.Wrong($"it ends after {head.Length} bytes, in the header, which should end at {dataStart}.");
        var header = NpyHeader.Parse(bytes, Encoding.Latin1.GetString(head[textStart..]));

        var element = Element(bytes, header.Descriptor);
        bytes.Expect(dataStart + ArrayShape.ByteCount(bytes, header.Shape, element.StoredSize));
        return new LaidOutArray(name, bytes.Place, header.Shape, element, bytes, dataStart)
        {
            Fortran = header.Fortran && header.Shape.Length > 1,
        };
    }

    private static ElementFormat Element(ByteSource bytes, string descriptor)
    {
        var element = (descriptor.Length > 1 ? descriptor[1..] : "") switch
        {
            "b1" => ElementFormat.Boolean,
            "u1" => ElementFormat.UInt8,
            "u2" => ElementFormat.UInt16,
            "u4" => ElementFormat.UInt32,
            "u8" => ElementFormat.UInt64,
            "i1" => ElementFormat.Int8,
            "i2" => ElementFormat.Int16,
            "i4" => ElementFormat.Int32,
            "i8" => ElementFormat.Int64,
            "f2" => ElementFormat.Float16,
            "f4" => ElementFormat.Float32,
            "f8" => ElementFormat.Float64,
            _ => throw NotRead(bytes, descriptor),
        };
        return descriptor[0] switch
        {
            '<' => element,
            '>' => element with { BigEndian = true },
            '|' when element.StoredSize == 1 => element,
            '=' => element with { BigEndian = !BitConverter.IsLittleEndian },
            _ => throw NotRead(bytes, descriptor),
        };
    }

    private static CurvatureException NotRead(ByteSource bytes, string descriptor)
    {
        string kind = (descriptor.Length > 1 ? descriptor[1] : ' ') switch
        {
            'O' => " (Python objects, which are never unpickled)",
            'c' => " (complex numbers)",
            'S' or 'a' or 'U' => " (strings)",
            'V' => " (raw or structured data)",
            'M' or 'm' => " (dates or times)",
            'f' when descriptor[2..] is not ("2" or "4" or "8") => " (floats of another width)",
            _ => "",
        };
        string shown = descriptor.Length <= 20 ? descriptor : descriptor[..20] + "…";
        return bytes.Wrong($"the dtype '{shown}'{kind} is not read; b1, u1, u2, u4, u8, i1, i2, i4, i8, f2, f4 and f8 are. "
            + "Convert it in NumPy, with array.astype('f4').");
    }
}
