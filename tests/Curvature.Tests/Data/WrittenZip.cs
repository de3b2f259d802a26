using System.IO.Compression;
using System.Text;

namespace ActorHutch.Curvature.Tests.Data;

/// <summary>A zip file, byte by byte as PKWARE's APPNOTE has it, and wrong where a test wants it so.</summary>
internal sealed class WrittenZip
{
    private readonly List<byte> _bytes = [];
    private readonly List<byte> _directory = [];
    private int _count;

    /// <summary>Every length and offset is in a 64-bit field.</summary>
    public bool Large { get; init; }

    /// <summary>Goes into the directory in place of how long the members are.</summary>
    public long? Length { get; init; }

    /// <summary>The same for where they are.</summary>
    public long? Offset { get; init; }

    /// <summary>Of each member in the directory.</summary>
    public int Flags { get; init; }

    public static byte[] Stored(params (string Name, byte[] Content)[] members)
    {
        var zip = new WrittenZip();
        foreach (var (name, content) in members) zip.Add(name, content);
        return zip.Bytes();
    }

    public void Add(string name, byte[] content, int method = 0, byte[]? packed = null, uint? checksum = null)
    {
        packed ??= method == 8 ? Deflate(content) : content;
        long offset = Offset ?? _bytes.Count;
        long length = Length ?? content.Length;
        long packedLength = method == 0 ? length : packed.Length;
        byte[] encoded = Encoding.UTF8.GetBytes(name);
        byte[] common =
        [
            .. Short(Large ? 45 : 20), .. Short(Flags), .. Short(method), .. Int(0), .. Int(checksum ?? Checksum(content)),
            .. Int(Large ? uint.MaxValue : packedLength), .. Int(Large ? uint.MaxValue : length), .. Short(encoded.Length),
        ];
        byte[] extra = Large ? [.. Short(1), .. Short(24), .. Long(length), .. Long(packedLength), .. Long(offset)] : [];
        _bytes.AddRange([.. Int(0x04034b50), .. common, .. Short(3), .. encoded, 9, 9, 9, .. packed]);
        _directory.AddRange([
            .. Int(0x02014b50), .. Short(20), .. common, .. Short(extra.Length), .. Short(0), .. Short(0), .. Short(0),
            .. Int(0), .. Int(Large ? uint.MaxValue : offset), .. encoded, .. extra]);
        _count++;
    }

    public byte[] Bytes(string comment = "")
    {
        long start = _bytes.Count;
        var bytes = new List<byte>([.. _bytes, .. _directory]);
        if (Large)
        {
            long end = bytes.Count;
            bytes.AddRange([
                .. Int(0x06064b50), .. Long(44), .. Short(45), .. Short(45), .. Int(0), .. Int(0), .. Long(_count),
                .. Long(_count), .. Long(_directory.Count), .. Long(start)]);
            bytes.AddRange([.. Int(0x07064b50), .. Int(0), .. Long(end), .. Int(1)]);
        }

        int count = Large ? ushort.MaxValue : _count;
        bytes.AddRange([
            .. Int(0x06054b50), .. Short(0), .. Short(0), .. Short(count), .. Short(count),
            .. Int(Large ? uint.MaxValue : _directory.Count), .. Int(Large ? uint.MaxValue : start),
            .. Short(comment.Length), .. Encoding.ASCII.GetBytes(comment)]);
        return [.. bytes];
    }

    public static byte[] Deflate(byte[] content)
    {
        using var memory = new MemoryStream();
        using (var deflate = new DeflateStream(memory, CompressionLevel.SmallestSize)) deflate.Write(content);
        return memory.ToArray();
    }

    /// <summary>CRC-32 as gzip computes it, from the end of what it writes.</summary>
    private static uint Checksum(byte[] content) =>
        content.Length == 0 ? 0 : BitConverter.ToUInt32(Written.Gzip(content).AsSpan()[^8..]);

    private static byte[] Short(int value) => BitConverter.GetBytes((ushort)value);

    private static byte[] Int(long value) => BitConverter.GetBytes((uint)value);

    private static byte[] Long(long value) => BitConverter.GetBytes(value);
}
