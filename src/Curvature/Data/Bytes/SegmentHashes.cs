using System.Globalization;
using System.Security.Cryptography;

namespace ActorHutch.Curvature.Data.Bytes;

/// <summary>
/// The SHA-256 of each segment of a file, so that a machine can have some segments without the others and know that they are
/// right. The hash of this list names the file's content, as the hash of all its bytes does.
/// </summary>
public sealed class SegmentHashes
{
    /// <summary>Bytes in a segment, whole blocks; the last one may be shorter.</summary>
    public const int SegmentSize = 8 * ContentHashes.BlockSize;

    private readonly byte[] _hashes;

    /// <summary>The list for a file.</summary>
    /// <param name="length">The file's bytes.</param>
    /// <param name="hashes">One hash after another; taken over.</param>
    /// <exception cref="ArgumentException">There are not as many hashes as segments.</exception>
    public SegmentHashes(long length, byte[] hashes)
    {
        ArgumentNullException.ThrowIfNull(hashes);
        if (length < 1 || hashes.Length != ListLength(length))
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{hashes.Length} bytes are no hashes of the segments of {length} bytes."), nameof(hashes));
        (Length, _hashes) = (length, hashes);
    }

    /// <summary>The file's bytes.</summary>
    public long Length { get; }

    /// <summary>How many segments there are.</summary>
    public int Count => _hashes.Length / SHA256.HashSizeInBytes;

    /// <summary>The list itself, one hash after another.</summary>
    public ReadOnlyMemory<byte> Bytes => _hashes;

    /// <summary>A segment's SHA-256.</summary>
    public ReadOnlySpan<byte> this[int segment] => _hashes.AsSpan(segment * SHA256.HashSizeInBytes, SHA256.HashSizeInBytes);

    /// <summary>The bytes of the list for a file of so many.</summary>
    public static long ListLength(long length) => (length + SegmentSize - 1) / SegmentSize * SHA256.HashSizeInBytes;

    /// <summary>Where in the file a segment starts.</summary>
    public static long StartOf(int segment) => (long)segment * SegmentSize;

    /// <summary>A segment's bytes.</summary>
    public int LengthOf(int segment) => (int)Math.Min(SegmentSize, Length - StartOf(segment));
}
