using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;

namespace ActorHutch.Curvature.Data.Bytes;

/// <summary>A file of this machine's, hashed through the handle that it is read by.</summary>
internal sealed class LocalFile : HashedFile
{
    /// <summary>As much as a segment, whose hash is that of a piece.</summary>
    private const int PieceSize = SegmentHashes.SegmentSize;

    private const string Advice = "The files of a job must stay as they are until it ends.";

    private readonly FileBytes _file;
    private readonly DateTime _written;

    private LocalFile(FileBytes file, ContentHashes content, DateTime written) : base(file.Place, content) =>
        (_file, _written) = (file, written);

    public override bool IsInPlace
    {
        get
        {
            var entry = FileBytes.Entry(Path);
            return entry.Exists && entry.Length == Content.Length && entry.LastWriteTimeUtc == _written;
        }
    }

    public static new LocalFile Open(string path, bool withSegments) => Taking(FileBytes.Open(path), file =>
    {
        var written = file.LastWriteTimeUtc;
        return new LocalFile(file, Hash(file, withSegments), written);
    });

    public static new LocalFile Open(string path, ContentHashes content) =>
        Taking(FileBytes.Open(path), file => file.Length == content.Length
            ? new LocalFile(file, content, file.LastWriteTimeUtc)
            : throw new FileChangedException(string.Create(CultureInfo.InvariantCulture,
                $"{path} has {file.Length} bytes, and should have {content.Length}.")));

    public override void ReadBlocks(long first, Span<byte> destination)
    {
        long start = first * ContentHashes.BlockSize;
        try
        {
            _file.Read(start, destination);
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
                throw Report(new FileChangedException(string.Create(CultureInfo.InvariantCulture,
                    $"{Path}: bytes {at} to {at + length} are not what they were when the file was hashed: it was changed since. {Advice}")));
            }

            destination = destination[length..];
        }
    }

    public override void Dispose() => _file.Dispose();

    private static LocalFile Taking(FileBytes file, Func<FileBytes, LocalFile> make)
    {
        try
        {
            return make(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static ContentHashes Hash(FileBytes file, bool withSegments)
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
