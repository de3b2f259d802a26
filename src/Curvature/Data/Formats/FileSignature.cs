using System.Buffers.Binary;
using System.Text;
using ActorHutch.Curvature.Data.Bytes;

namespace ActorHutch.Curvature.Data.Formats;

/// <summary>What the first bytes of a file say that it is.</summary>
internal enum FileFormat
{
    /// <summary>Nothing that is read.</summary>
    Unknown,

    /// <summary>Two zeros, a type, a number of dimensions.</summary>
    Idx,

    /// <summary>NumPy's format of one array.</summary>
    Npy,

    /// <summary>A zip file.</summary>
    Npz,

    /// <summary>The length of a header, and <c>{</c>.</summary>
    Safetensors,

    /// <summary>A gzip file of something else.</summary>
    Gzip,
}

/// <summary>Tells formats by their first bytes.</summary>
internal static class FileSignature
{
    private const int Length = 9;

    private static readonly byte[] Npy = [0x93, .. "NUMPY"u8];
    private static readonly byte[] Gzip = [0x1F, 0x8B];

    private static readonly (byte[] Bytes, string Name)[] Others =
    [
        ([0x89, 0x48, 0x44, 0x46], "HDF5"),
        ([0x89, 0x50, 0x4E, 0x47], "a PNG image"),
        ([0xFF, 0xD8, 0xFF], "a JPEG image"),
        ([0x28, 0xB5, 0x2F, 0xFD], "Zstandard"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "xz"),
        ([0x42, 0x5A, 0x68], "bzip2"),
        ([0x50, 0x41, 0x52, 0x31], "Parquet"),
        ([0x80], "a Python pickle"),
    ];

    /// <summary>The format that fits.</summary>
    public static FileFormat Of(ByteSource bytes)
    {
        ReadOnlySpan<byte> head = bytes.Head(Length);
        if (head.StartsWith(Npy)) return FileFormat.Npy;
        if (head.StartsWith("PK\x03\x04"u8) || head.StartsWith("PK\x05\x06"u8)) return FileFormat.Npz;
        if (head.StartsWith(Gzip)) return FileFormat.Gzip;

        bool isIdx = head.Length >= 4 && head[0] == 0 && head[1] == 0 && head[2] is >= 0x08 and <= 0x0E;
        if (head.Length == Length && head[8] == (byte)'{')
        {
            // Text may have a brace there as well, but no header is as long as eight letters say. Nor is one as long as
            // a type and a dimension of IDX say, before a number that happens to be 123.
            ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(head);
            if (headerLength >> (isIdx ? 32 : 48) == 0) return FileFormat.Safetensors;
        }

        return isIdx ? FileFormat.Idx : FileFormat.Unknown;
    }

    /// <summary>The first bytes, for a message.</summary>
    public static string Describe(ByteSource bytes)
    {
        byte[] head = bytes.Head(Length);
        if (head.Length == 0) return "nothing";
        string hex = string.Join(' ', head.Select(value => $"{value:x2}"));
        string? name = Others.FirstOrDefault(other => head.AsSpan().StartsWith(other.Bytes)).Name;
        if (name is null && head.All(value => value is >= 0x20 and < 0x7F or 9 or 10 or 13))
            name = $"the text \"{Encoding.ASCII.GetString(head).ReplaceLineEndings(" ")}\"";
        return name is null ? $"the bytes {hex}" : $"{name} (the bytes {hex})";
    }
}
