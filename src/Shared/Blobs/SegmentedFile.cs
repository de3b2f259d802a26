using ActorHutch.Curvature;
using ActorHutch.Curvature.Data.Bytes;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Shared.Blobs;

/// <summary>
/// A file of which only those segments come to this machine that are read. Each is a blob in the cache, looked for there whenever it is
/// read, and fetched where it is not there, not there any more, or damaged. Reading blocks until it is there.
/// </summary>
public sealed class SegmentedFile : HashedFile
{
    /// <summary>Segments that are fetched at once, so that the line does not wait for requests.</summary>
    private const int AtOnce = 8;

    /// <summary>How often a segment is fetched that is damaged before it is read.</summary>
    private const int MaxAttempts = 3;

    private readonly SegmentHashes _segments;
    private readonly BlobCache _cache;
    private readonly Func<BlobReference, Task<HashedFile>> _fetch;

    /// <summary>A file, of which nothing is read yet.</summary>
    /// <param name="name">What messages call it.</param>
    /// <param name="id">The name of all its content.</param>
    /// <param name="segments">Its segments.</param>
    /// <param name="cache">Where they are kept.</param>
    /// <param name="fetch">Brings one into the cache; a <see cref="BlobException"/> says why it cannot be had.</param>
    public SegmentedFile(
        string name, BlobId id, SegmentHashes segments, BlobCache cache, Func<BlobReference, Task<HashedFile>> fetch)
        : base(name, new ContentHashes(id.ToString(), segments)) => (_segments, _cache, _fetch) = (segments, cache, fetch);

    /// <inheritdoc/>
    public override bool IsInPlace => true;

    /// <inheritdoc/>
    public override void ReadBlocks(long first, Span<byte> destination)
    {
        long at = first * ContentHashes.BlockSize;
        int segment = (int)(at / SegmentHashes.SegmentSize);
        int next = segment, end = (int)((at + destination.Length - 1) / SegmentHashes.SegmentSize) + 1;
        var ahead = new Queue<Task<HashedFile>>();
        try
        {
            for (; destination.Length > 0; segment++)
            {
                for (; next < end && ahead.Count < AtOnce; next++) ahead.Enqueue(OpenAsync(next));
                long start = SegmentHashes.StartOf(segment);
                int count = (int)Math.Min(destination.Length, start + _segments.LengthOf(segment) - at);
                Read(segment, ahead.Dequeue(), (at - start) / ContentHashes.BlockSize, destination[..count]);
                at += count;
                destination = destination[count..];
            }
        }
        finally
        {
            foreach (var opening in ahead) _ = CloseAsync(opening);
        }
    }

    /// <summary>Nothing is open but while it is read.</summary>
    public override void Dispose()
    {
    }

    private static async Task CloseAsync(Task<HashedFile> opening)
    {
        try
        {
            (await opening.ConfigureAwait(false)).Dispose();
        }
        catch (Exception error) when (error is BlobException or OperationCanceledException or IOException)
        {
            // Nobody reads it.
        }
    }

    private Task<HashedFile> OpenAsync(int segment)
    {
        var blob = new BlobReference(BlobId.OfHash(_segments[segment]), _segments.LengthOf(segment));
        // Elsewhere, since who reads is held up, and may be what a continuation would wait for.
        return _cache.Find(blob.Id) is { } file ? Task.FromResult(file) : Task.Run(() => _fetch(blob));
    }

    private void Read(int segment, Task<HashedFile> opening, long first, Span<byte> destination)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                using var file = opening.GetAwaiter().GetResult();
                file.ReadBlocks(first, destination);
                return;
            }
            catch (FileChangedException) when (attempt < MaxAttempts)
            {
                // The cache knows now, and does not find it again.
                opening = OpenAsync(segment);
            }
            catch (Exception error) when (error is FileChangedException or BlobException or IOException or UnauthorizedAccessException)
            {
                throw new MachineException($"{Path}: {error.Message}", error);
            }
        }
    }
}
