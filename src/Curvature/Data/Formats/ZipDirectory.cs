using System.Buffers.Binary;
using System.Text;
using ActorHutch.Curvature.Data.Bytes;

namespace ActorHutch.Curvature.Data.Formats;

/// <summary>A file in a zip file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Start">Where its packed bytes start.</param>
/// <param name="PackedLength">How many there are.</param>
/// <param name="Length">How many they unpack to.</param>
/// <param name="Method">How they are packed.</param>
/// <param name="Checksum">Of what they unpack to.</param>
/// <param name="IsEncrypted">Whether a password is needed.</param>
internal sealed record ZipMember(
    string Name, long Start, long PackedLength, long Length, int Method, uint Checksum, bool IsEncrypted);

/// <summary>
/// The directory at the end of a zip file, with the 64-bit fields of large ones. See PKWARE's APPNOTE, 4.3 and 4.5.3.
/// </summary>
/// <remarks>
/// It is read here since the rows of a stored member are read from where they are, and System.IO.Compression does not
/// tell where that is.
/// </remarks>
internal sealed class ZipDirectory
{
    private const uint EndMark = 0x06054b50;
    private const uint Locator64Mark = 0x07064b50;
    private const uint End64Mark = 0x06064b50;
    private const uint EntryMark = 0x02014b50;
    private const uint LocalMark = 0x04034b50;

    private const int EndLength = 22;
    private const int Locator64Length = 20;
    private const int End64Length = 56;
    private const int EntryLength = 46;
    private const int LocalLength = 30;
    private const int MaxLength = 64 << 20;
    private const uint FolderAttribute = 0x10;

    private readonly ByteSource _zip;
    private readonly List<(ZipMember Member, long Local, uint Packing, bool IsFolder)> _members = [];

    private ZipDirectory(ByteSource zip) => _zip = zip;

    /// <summary>All members, none of which overlaps another.</summary>
    /// <exception cref="CurvatureException">The directory is damaged, or of several disks.</exception>
    public static List<ZipMember> Read(ByteSource zip)
    {
        var directory = new ZipDirectory(zip);
        var (start, length, count) = directory.Find();
        directory.ReadEntries(start, length, count);
        directory.CheckOverlap(start);
        directory.CheckHeaders();
        return [.. directory._members.Select(entry => entry.Member)];
    }

    private (long Start, int Length, long Count) Find()
    {
        int tailLength = (int)Math.Min(_zip.Length, EndLength + ushort.MaxValue);
        byte[] tail = Bytes(_zip.Length - tailLength, tailLength);
        int at = tailLength - EndLength;
        while (at >= 0 && !(UInt32(tail, at) == EndMark && UInt16(tail, at + 20) == tailLength - at - EndLength)) at--;
        if (at < 0) throw Wrong("it has no directory at its end: it was cut off.");

        long end = _zip.Length - tailLength + at;
        if (UInt16(tail, at + 4) is not (0 or ushort.MaxValue)) throw Wrong("it is one of several disks.");
        long count = UInt16(tail, at + 10);
        long length = UInt32(tail, at + 12);
        long start = UInt32(tail, at + 16);
        if (count == ushort.MaxValue || length == uint.MaxValue || start == uint.MaxValue)
        {
            byte[] locator = Bytes(end - Locator64Length, Locator64Length);
            if (UInt32(locator, 0) != Locator64Mark) throw Wrong("its directory of 64-bit offsets is missing.");
            long record = Int64(locator, 8);
            byte[] large = Bytes(record, End64Length);
            if (UInt32(large, 0) != End64Mark) throw Wrong($"its directory of 64-bit offsets should be at byte {record}.");
            (count, length, start, end) = (Int64(large, 32), Int64(large, 40), Int64(large, 48), record);
        }

        if (length > MaxLength) throw Wrong($"its directory takes {length} bytes; at most {MaxLength} are read.");
        return start <= end - length && count <= length / EntryLength
            ? (start, (int)length, count)
            : throw Wrong($"its directory of {count} members in {length} bytes at byte {start} does not fit into the file.");
    }

    private void ReadEntries(long start, int length, long count)
    {
        byte[] entries = Bytes(start, length);
        var names = new HashSet<string>(StringComparer.Ordinal);
        int at = 0;
        for (long i = 0; i < count; i++)
        {
            if (at > length - EntryLength || UInt32(entries, at) != EntryMark)
                throw Wrong($"entry {i} of its directory should be at byte {start + at}.");
            int nameLength = UInt16(entries, at + 28);
            int extraLength = UInt16(entries, at + 30);
            int next = at + EntryLength + nameLength + extraLength + UInt16(entries, at + 32);
            if (next > length) throw Wrong($"entry {i} of its directory, at byte {start + at}, is longer than the directory.");

            var member = Entry(entries.AsSpan(at, EntryLength + nameLength + extraLength), nameLength, start);
            if (!names.Add(member.Name)) throw Wrong($"it has two members {member.Name}.");
            at = next;
        }
    }

    private ZipMember Entry(ReadOnlySpan<byte> entry, int nameLength, long directoryStart)
    {
        string name = Encoding.UTF8.GetString(entry.Slice(EntryLength, nameLength));
        long packed = UInt32(entry, 20);
        long length = UInt32(entry, 24);
        long local = UInt32(entry, 42);
        var large = Large(entry[(EntryLength + nameLength)..]);
        Replace(ref length, ref large);
        Replace(ref packed, ref large);
        Replace(ref local, ref large);

        if (local > directoryStart - LocalLength) throw Misplaced();
        byte[] header = Bytes(local, LocalLength);
        long start = local + LocalLength + UInt16(header, 26) + UInt16(header, 28);
        if (UInt32(header, 0) != LocalMark || packed > directoryStart - start) throw Misplaced();
        var member = new ZipMember(
            name, start, packed, length, UInt16(entry, 10), UInt32(entry, 16), (UInt16(entry, 8) & 1) != 0);
        _members.Add((member, local, UInt32(entry, 8), (UInt32(entry, 38) & FolderAttribute) != 0));
        return member;

        void Replace(ref long value, ref ReadOnlySpan<byte> fields)
        {
            if (value != uint.MaxValue || fields.Length < 8) return;
            value = Int64(fields, 0);
            fields = fields[8..];
        }

        CurvatureException Misplaced() =>
            Wrong($"member {name} should be at byte {local}, with {packed} bytes before byte {directoryStart}, and is not.");
    }

    /// <summary>The 64-bit fields that stand for those that are full.</summary>
    private static ReadOnlySpan<byte> Large(ReadOnlySpan<byte> extra)
    {
        while (extra.Length >= 4)
        {
            int length = Math.Min(UInt16(extra, 2), extra.Length - 4);
            if (UInt16(extra, 0) == 1) return extra.Slice(4, length);
            extra = extra[(4 + length)..];
        }

        return [];
    }

    /// <summary>Members that share bytes would let a small file unpack to any size.</summary>
    private void CheckOverlap(long directoryStart)
    {
        var ordered = _members.OrderBy(entry => entry.Local).ToList();
        for (int i = 0; i < ordered.Count; i++)
        {
            long next = i + 1 < ordered.Count ? ordered[i + 1].Local : directoryStart;
            var member = ordered[i].Member;
            if (member.Start + member.PackedLength > next)
                throw Wrong($"member {member.Name} overlaps {ordered[i + 1].Member.Name}, at byte {next}.");
        }
    }

    /// <summary>
    /// No checksum covers the directory, but what is believed of it is said once more before each member: its name, and
    /// how it is packed. What is marked as a folder, some read as nothing.
    /// </summary>
    private void CheckHeaders()
    {
        foreach (var (member, local, packing, isFolder) in _members)
        {
            byte[] header = Bytes(local, LocalLength);
            string name = Encoding.UTF8.GetString(Bytes(local + LocalLength, UInt16(header, 26)));
            if (UInt32(header, 6) != packing || name != member.Name || (isFolder && !name.EndsWith('/')))
                throw Wrong($"its directory entry of member {member.Name} does not match the header at byte {local}.");
        }
    }

    private byte[] Bytes(long offset, int length)
    {
        if (offset < 0 || offset > _zip.Length - length) throw Wrong($"{length} bytes at byte {offset} are not there.");
        byte[] bytes = new byte[length];
        _zip.Read(offset, bytes);
        return bytes;
    }

    private long Int64(ReadOnlySpan<byte> bytes, int at)
    {
        ulong value = BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);
        return value <= long.MaxValue ? (long)value : throw Wrong($"its directory has a length or offset of {value}.");
    }

    private static uint UInt32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static int UInt16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private CurvatureException Wrong(string what) => _zip.Wrong($"this zip file is damaged, or not one: {what}");
}
