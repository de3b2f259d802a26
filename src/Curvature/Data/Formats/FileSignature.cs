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

    /// <summary>A zip file: <see cref="ZipContents"/> tells what of.</summary>
    Npz,

    /// <summary>The length of a header, and <c>{</c>.</summary>
    Safetensors,

    /// <summary>A gzip file of something else.</summary>
    Gzip,

    /// <summary>Text that can be JSON: <c>{</c>, <c>[</c> or <c>"</c>, after white space perhaps.</summary>
    Json,
}

/// <summary>Tells formats by their first bytes.</summary>
internal static class FileSignature
{
    private const int Length = 9;
    private const int LongestHead = 64;

    private static readonly byte[] Npy = [0x93, .. "NUMPY"u8];
    private static readonly byte[] Gzip = [0x1F, 0x8B];

    private static readonly (int At, byte[] Bytes, string Name)[] Others =
    [
        (0, [0x89, 0x48, 0x44, 0x46], "HDF5"),
        (0, [0x89, 0x50, 0x4E, 0x47], "a PNG image"),
        (0, [0xFF, 0xD8, 0xFF], "a JPEG image"),
        (0, [0x28, 0xB5, 0x2F, 0xFD], "Zstandard"),
        (0, [0xFD, 0x37, 0x7A, 0x58, 0x5A], "xz"),
        (0, [0x42, 0x5A, 0x68], "bzip2"),
        (0, [0x50, 0x41, 0x52, 0x31], "Parquet"),
        (0, [0x80], "a Python pickle"),
        (0, [.. "MZ"u8], "a .NET assembly or another program"),
        (0, [.. "GGUF"u8], "GGUF"),
        (4, [.. "TFL3"u8], "TensorFlow Lite"),
        (4, [.. "ET12"u8], "ExecuTorch"),
        (0, [.. "version https://git-lfs"u8], "a pointer of Git LFS in place of the file, which git lfs pull fetches"),
        (0, [0xFF, 0xFE, 0, 0], "text in UTF-32"),
        (0, [0xFF, 0xFE], "text in UTF-16"),
        (0, [0xFE, 0xFF], "text in UTF-16"),
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

        return isIdx ? FileFormat.Idx : IsJson(bytes) ? FileFormat.Json : FileFormat.Unknown;
    }

    /// <summary>What the first bytes are, for a message: the name of another format, the text, or the bytes.</summary>
    public static string Describe(ByteSource bytes)
    {
        byte[] head = bytes.Head(LongestHead);
        if (head.Length == 0) return "nothing";
        string hex = string.Join(' ', head.Take(Length).Select(value => $"{value:x2}"));
        string? name = Name(head);
        if (name is null && Array.TrueForAll(head[..Math.Min(Length, head.Length)], IsText))
            name = $"the text \"{Encoding.ASCII.GetString(head, 0, Math.Min(Length, head.Length)).ReplaceLineEndings(" ")}\"";
        return name is null ? $"the bytes {hex}" : $"{name} (the bytes {hex})";
    }

    /// <summary>The name of a format that nothing here reads; null for one without a name.</summary>
    public static string? Name(ReadOnlySpan<byte> head)
    {
        foreach (var (at, bytes, name) in Others)
        {
            if (head.Length > at && head[at..].StartsWith(bytes)) return name;
        }

        // Letters of the alphabet, each with a zero before or after it.
        if (head is [not 0, 0, not 0, 0, ..] or [0, not 0, 0, not 0, ..] && IsText((byte)(head[0] | head[1])) && IsText((byte)(head[2] | head[3])))
            return "text in UTF-16";

        // A protocol buffer whose first field is a small number, the version, and whose next has one of nine tags.
        return head is [0x08, > 0 and < 0x20, 0x12 or 0x1A or 0x22 or 0x28 or 0x32 or 0x3A or 0x42 or 0x72 or 0xA2, ..] ? "ONNX" : null;
    }

    private static bool IsJson(ByteSource bytes)
    {
        ReadOnlySpan<byte> head = bytes.Head(1 << 16);
        if (head.StartsWith(Encoding.UTF8.Preamble)) head = head[Encoding.UTF8.Preamble.Length..];
        head = head.TrimStart(" \t\r\n"u8);
        return head is [(byte)'{' or (byte)'[' or (byte)'"', not 0, ..] or [(byte)'{' or (byte)'[' or (byte)'"'];
    }

    private static bool IsText(byte value) => value is >= 0x20 and < 0x7F or 9 or 10 or 13;
}
