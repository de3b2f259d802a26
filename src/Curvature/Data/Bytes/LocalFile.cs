using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;

namespace ActorHutch.Curvature.Data.Bytes;

/// <summary>A file of this machine's, or several joined, hashed through the handles that they are read by.</summary>
internal sealed class LocalFile : HashedFile
{
    /// <summary>As much as a segment, whose hash is that of a piece.</summary>
    private const int PieceSize = SegmentHashes.SegmentSize;

    private const string Advice = "The files of a job must stay as they are until it ends.";

    private readonly ByteSource _bytes;

    private LocalFile(ByteSource bytes, ContentHashes content) : base(bytes.Place, content) => _bytes = bytes;

    public override bool IsInPlace => _bytes.IsInPlace;

    public static new LocalFile Open(string path, bool withSegments) => Of(FileBytes.Open(path), withSegments);

    public static new LocalFile Open(string path, ContentHashes content) =>
        Taking(FileBytes.Open(path), file => file.Length == content.Length
            ? new LocalFile(file, content)
            : throw new FileChangedException(string.Create(CultureInfo.InvariantCulture,
                $"{path} has {file.Length} bytes, and should have {content.Length}.")));

    /// <summary>Hashes what is open already. It belongs to the file then, or is closed by the error.</summary>
    public static LocalFile Of(ByteSource bytes, bool withSegments = false) =>
        Taking(bytes, open => new LocalFile(open, Hash(open, withSegments)));

    public override void ReadBlocks(long first, Span<byte> destination)
    {
        long start = first * ContentHashes.BlockSize;
        try
        {
            _bytes.Read(start, destination);
        }
        catch (CurvatureException error)
        {
            throw Report(new FileChangedException($"{error.Message} {Advice}", error));
        }

        for (long block = first; destination.Length > 0; block++)
        {
            int length = Math.Min(destination.Length, ContentHashes.BlockSize);
            if (!Content.Fit(block, destination[..length]))
            {
                long at = block * ContentHashes.BlockSize;
                throw Report(new FileChangedException(
                    $"{_bytes.PlaceOf(at, length)} have changed since the file was hashed. {Advice}"));
            }

            destination = destination[length..];
        }
    }

    public override void Dispose() => _bytes.Dispose();

    private static LocalFile Taking(ByteSource bytes, Func<ByteSource, LocalFile> make)
    {
        try
        {
            return make(bytes);
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    private static ContentHashes Hash(ByteSource file, bool withSegments)
    {
        byte[] piece = ArrayPool<byte>.Shared.Rent(PieceSize);
        try
        {
            using var hashes = new ContentHashes.Builder();
            byte[] segments = new byte[withSegments ? SegmentHashes.ListLength(file.Length) : 0];
            for (int done = 0; hashes.Length < file.Length; done += SHA256.HashSizeInBytes)
            {
                int count = (int)Math.Min(PieceSize, file.Length - hashes.Length);
                file.Read(hashes.Length, piece.AsSpan(0, count));
                if (!withSegments)
                {
                    hashes.Append(piece.AsSpan(0, count));
                    continue;
                }

                int at = done;
                Parallel.Invoke(
                    () => hashes.Append(piece.AsSpan(0, count)),
                    () => SHA256.HashData(piece.AsSpan(0, count), segments.AsSpan(at)));
            }

            return hashes.Finish(withSegments ? new SegmentHashes(file.Length, segments) : null);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }
}
