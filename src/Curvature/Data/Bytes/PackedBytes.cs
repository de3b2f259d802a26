using System.Buffers;
using System.IO.Compression;
using System.IO.Hashing;

namespace ActorHutch.Curvature.Data.Bytes;

/// <summary>
/// What gzip or deflate packed. Its first bytes are unpacked by themselves; all of it is once, when it is first read,
/// and never more than was declared.
/// </summary>
internal sealed class PackedBytes : ByteSource
{
    /// <summary>Deflate makes 258 bytes of two bits at best.</summary>
    private const long MostPerByte = 1032;

    private const int PieceSize = 1 << 16;

    private readonly ByteSource _packed;
    private readonly Func<Stream, Stream> _unpack;
    private readonly uint? _checksum;
    private ByteSource? _content;
    private long? _length;

    private PackedBytes(
        string place, ByteSource packed, Func<Stream, Stream> unpack, long? length, uint? checksum) : base(place)
    {
        (_packed, _unpack, _length, _checksum) = (packed, unpack, length, checksum);
    }

    /// <summary>The content of a gzip file, of a length that its own header will tell.</summary>
    public static PackedBytes Gzip(ByteSource packed) => new(
        packed.Place, packed, bytes => new GZipStream(bytes, CompressionMode.Decompress), length: null, checksum: null);

    /// <summary>A deflated member of a zip file.</summary>
    public static PackedBytes Deflate(ByteSource packed, long length, uint checksum) => new(
        packed.Place, packed, bytes => new DeflateStream(bytes, CompressionMode.Decompress), length, checksum);

    public override long Length => _length ?? throw new InvalidOperationException("No header was read.");

    public override byte[] Head(int count)
    {
        byte[] head = new byte[count];
        int length = 0;
        Unpack(stream => length = stream.ReadAtLeast(head, count, throwOnEndOfStream: false));
        return head[..length];
    }

    public override void Expect(long declared)
    {
        if (_length is not null) base.Expect(declared);
        if (declared > _packed.Length * MostPerByte)
        {
            throw Wrong($"the header declares {declared} bytes, more than {_packed.Length} packed bytes can hold: it was "
                + "cut off, or the header is damaged.");
        }

        _length = declared;
    }

    public override void Prepare()
    {
        if (_content is not null) return;
        Unpack(stream =>
        {
            using var room = new UnpackedRoom(Place);
            Copy(stream, room);
            _content = room.Finish();
        });
    }

    public override void Read(long offset, Span<byte> destination)
    {
        Prepare();
        _content!.Read(offset, destination);
    }

    public override void Dispose() => _content?.Dispose();

    private void Copy(Stream stream, UnpackedRoom room)
    {
        byte[] piece = ArrayPool<byte>.Shared.Rent(PieceSize);
        try
        {
            long total = 0;
            var checksum = new Crc32();
            for (int count; (count = stream.Read(piece)) > 0;)
            {
                total += count;
                if (total > Length) throw Wrong($"it unpacks to more than the {Length} bytes that its header declares.");
                if (_checksum is not null) checksum.Append(piece.AsSpan(0, count));
                room.Write(piece.AsSpan(0, count));
            }

            if (total < Length) throw Wrong($"it unpacks to {total} bytes, and its header declares {Length}.");
            if (_checksum is { } expected && checksum.GetCurrentHashAsUInt32() is var found && found != expected)
                throw Wrong($"its checksum is {found:x8} and should be {expected:x8}: the data are damaged.");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    private void Unpack(Action<Stream> use)
    {
        try
        {
            using var stream = _unpack(new SourceStream(_packed));
            use(stream);
        }
        catch (Exception error) when (error is InvalidDataException or IOException)
        {
            throw Wrong($"it cannot be unpacked: {error.Message}", error);
        }
    }
}
