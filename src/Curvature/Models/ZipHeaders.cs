using System.Buffers.Binary;

namespace ActorHutch.Curvature.Models;

/// <summary>
/// Compares a ZIP archive's directory with the headers before its entries. Readers believe the directory, which no
/// checksum covers; the headers say the same once more.
/// </summary>
internal static class ZipHeaders
{
    private const int EndLength = 22;
    private const int LocatorLength = 20;
    private const int LongestComment = ushort.MaxValue;
    private const int CentralLength = 46;
    private const int LocalLength = 30;
    private const int FolderAttribute = 0x10;
    private const ushort Zip64Field = 1;

    /// <summary>Checks every entry.</summary>
    /// <exception cref="InvalidDataException">An entry's two names differ, or the directory cannot be read.</exception>
    public static void Check(Stream file)
    {
        byte[] directory = Directory(file);
        int at = 0;
        while (at + CentralLength <= directory.Length && Has(directory.AsSpan(at), "PK\x01\x02"u8))
        {
            var entry = directory.AsSpan(at);
            int nameLength = Short(entry, 28), extraLength = Short(entry, 30), commentLength = Short(entry, 32);
            int length = CentralLength + nameLength + extraLength + commentLength;
            if (length > entry.Length) throw Broken();

            var name = entry.Slice(CentralLength, nameLength);
            var header = Read(file, Offset(entry, entry.Slice(CentralLength + nameLength, extraLength)), LocalLength + nameLength);
            bool agree = Has(header, "PK\x03\x04"u8)
                && entry.Slice(8, 4).SequenceEqual(header.AsSpan(6, 4)) // flags and method
                && Short(header, 26) == nameLength
                && name.SequenceEqual(header.AsSpan(LocalLength));

            // What is marked as a folder is read as nothing.
            bool isFolder = (Integer(entry, 38) & FolderAttribute) != 0;
            if (!agree || isFolder) throw Broken();

            at += length;
        }

        if (at != directory.Length) throw Broken();
    }

    private static byte[] Directory(Stream file)
    {
        int tail = (int)Math.Min(file.Length, EndLength + LongestComment);
        byte[] end = Read(file, file.Length - tail, tail);
        int at = end.AsSpan().LastIndexOf("PK\x05\x06"u8);
        if (at < 0 || at + EndLength > end.Length) throw Broken();

        long size = Integer(end, at + 12), start = Integer(end, at + 16);
        if (size == uint.MaxValue || start == uint.MaxValue)
        {
            byte[] locator = Read(file, file.Length - tail + at - LocatorLength, LocatorLength);
            byte[] large = Read(file, Long(locator, 8), 56);
            if (!Has(locator, "PK\x06\x07"u8) || !Has(large, "PK\x06\x06"u8)) throw Broken();
            (size, start) = (Long(large, 40), Long(large, 48));
        }

        return Read(file, start, size);
    }

    /// <summary>Where an entry's header is: in the directory, or among its extra fields where that has no room.</summary>
    private static long Offset(ReadOnlySpan<byte> entry, ReadOnlySpan<byte> extra)
    {
        long offset = Integer(entry, 42);
        if (offset != uint.MaxValue) return offset;

        // The field holds only those of both sizes and the offset that are too large, in this order.
        int before = (Integer(entry, 24) == uint.MaxValue ? 8 : 0) + (Integer(entry, 20) == uint.MaxValue ? 8 : 0);
        while (extra.Length >= 4)
        {
            int length = Short(extra, 2);
            if (length + 4 > extra.Length) break;
            if (Short(extra, 0) == Zip64Field && length >= before + 8) return Long(extra, 4 + before);
            extra = extra[(4 + length)..];
        }

        throw Broken();
    }

    private static byte[] Read(Stream file, long offset, long length)
    {
        if (offset < 0 || length < 0 || offset > file.Length - length) throw Broken();
        byte[] bytes = new byte[length];
        file.Position = offset;
        file.ReadExactly(bytes);
        return bytes;
    }

    private static bool Has(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> signature) => bytes.StartsWith(signature);

    private static int Short(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static long Integer(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static long Long(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]);

    private static InvalidDataException Broken() => new("Its directory does not fit its entries.");
}
