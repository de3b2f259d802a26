using System.IO.Hashing;
using System.Security.Cryptography;

namespace ActorHutch.Curvature.Data.Bytes;

/// <summary>What bytes a file holds: the SHA-256 of all of them, and a hash of each block of 64 KiB.</summary>
/// <remarks>
/// The SHA-256 names the content. The blocks' hashes (XXH3, 128 bits, 16 bytes a block) find a change between two reads at
/// some ten times the speed. Their seed is another one in each process, so a file cannot be made to fit them.
/// </remarks>
public sealed class ContentHashes
{
    /// <summary>Bytes in a block; the last one may be shorter.</summary>
    public const int BlockSize = 1 << 16;

    private static readonly long Seed = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long)));

    private readonly UInt128[] _blocks;

    private ContentHashes(string sha256, long length, UInt128[] blocks) => (Sha256, Length, _blocks) = (sha256, length, blocks);

    /// <summary>Of a file that is read in segments, each of which is a content of its own with its own blocks.</summary>
    /// <param name="sha256">SHA-256 in lower-case hexadecimal.</param>
    /// <param name="segments">The segments.</param>
    public ContentHashes(string sha256, SegmentHashes segments)
        : this(sha256, (segments ?? throw new ArgumentNullException(nameof(segments))).Length, []) => Segments = segments;

    /// <summary>SHA-256 in lower-case hexadecimal.</summary>
    public string Sha256 { get; }

    /// <summary>How many bytes there are.</summary>
    public long Length { get; }

    /// <summary>The SHA-256 of each segment; null where they were not asked for.</summary>
    public SegmentHashes? Segments { get; internal init; }

    /// <summary>Whether a block holds what it held when it was hashed.</summary>
    /// <param name="block">The block, from 0.</param>
    /// <param name="bytes">All of its bytes.</param>
    internal bool Fit(long block, ReadOnlySpan<byte> bytes) => XxHash128.HashToUInt128(bytes, Seed) == _blocks[block];

    /// <summary>Hashes bytes in the order in which they come.</summary>
    public sealed class Builder : IDisposable
    {
        private readonly IncrementalHash _sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private readonly XxHash128 _block = new(Seed);
        private readonly List<UInt128> _blocks = [];
        private long _length;

        /// <summary>How many bytes there were so far.</summary>
        public long Length => _length;

        /// <summary>Goes on with more bytes.</summary>
        public void Append(ReadOnlySpan<byte> bytes)
        {
            _sha256.AppendData(bytes);
            while (bytes.Length > 0)
            {
                int count = (int)Math.Min(bytes.Length, BlockSize - (_length % BlockSize));
                _block.Append(bytes[..count]);
                _length += count;
                bytes = bytes[count..];
                if (_length % BlockSize == 0) EndBlock();
            }
        }

        /// <summary>The hashes of all bytes that came; nothing can be appended after it.</summary>
        public ContentHashes Finish() => Finish(null);

        /// <summary>The same with the hashes of its segments, which somebody else computed.</summary>
        internal ContentHashes Finish(SegmentHashes? segments)
        {
            if (_length % BlockSize != 0) EndBlock();
            return new ContentHashes(Convert.ToHexStringLower(_sha256.GetHashAndReset()), _length, [.. _blocks]) { Segments = segments };
        }

        /// <inheritdoc/>
        public void Dispose() => _sha256.Dispose();

        private void EndBlock()
        {
            _blocks.Add(_block.GetCurrentHashAsUInt128());
            _block.Reset();
        }
    }
}
