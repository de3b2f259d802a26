using System.Collections.Concurrent;
using ActorHutch.Curvature;
using ActorHutch.Curvature.Data.Bytes;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Shared.Blobs;

/// <summary>
/// The blobs that a process has to give: files, which stay open and are read as they are asked for, and small ones in memory.
/// </summary>
public sealed class BlobStore : IDisposable
{
    private readonly ConcurrentDictionary<BlobId, Func<Stream>> _blobs = [];
    private readonly ConcurrentDictionary<BlobId, HashedFile> _files = [];

    /// <summary>Called when a file is read that is not what it was, on the thread that reads and before that fails.</summary>
    public event Action<FileChangedException>? Changed;

    /// <summary>Opens, hashes and offers a file, which must stay as it is.</summary>
    /// <exception cref="CurvatureException">It cannot be read.</exception>
    public BlobReference AddFile(string path) => Add(HashedFile.Open(path));

    /// <summary>Offers a file that is open, and is closed with the store; at once, where another file holds the same.</summary>
    public BlobReference Add(HashedFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        var blob = BlobReference.Of(file.Content);
        var kept = _files.GetOrAdd(blob.Id, file);
        if (kept != file) file.Dispose();
        else kept.Changed += error => Changed?.Invoke(error);
        return Add(blob.Id, blob.Length, kept.OpenRead);
    }

    /// <summary>
    /// Offers each segment of a file of the store's as a blob, and the list of their hashes as another one.
    /// </summary>
    /// <returns>The list; null where the segments were not hashed.</returns>
    public BlobReference? AddSegments(HashedFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (file.Content.Segments is not { } segments) return null;
        for (int i = 0; i < segments.Count; i++)
        {
            var (start, length) = (SegmentHashes.StartOf(i), segments.LengthOf(i));
            Add(BlobId.OfHash(segments[i]), length, () => file.OpenRead(start, length));
        }

        return Add(segments.Bytes.ToArray());
    }

    /// <summary>A blob's file, which stays the store's; null where it is not here, or no file.</summary>
    public HashedFile? FileOf(BlobId id) => _files.GetValueOrDefault(id);

    /// <summary>Offers some bytes.</summary>
    public BlobReference Add(byte[] content)
    {
        ArgumentNullException.ThrowIfNull(content);
        return Add(BlobId.Of(content), content.Length, () => new MemoryStream(content, writable: false));
    }

    /// <summary>Offers what can be opened again and again.</summary>
    /// <param name="id">The name of what it gives.</param>
    /// <param name="length">How many bytes that is.</param>
    /// <param name="open">Opens it from its beginning.</param>
    public BlobReference Add(BlobId id, long length, Func<Stream> open)
    {
        _blobs[id] = open;
        return new BlobReference(id, length);
    }

    /// <summary>Offers a blob no longer.</summary>
    public void Remove(BlobId id) => _blobs.TryRemove(id, out _);

    /// <summary>Opens a blob; null where there is none of this name.</summary>
    public Stream? Open(BlobId id) => _blobs.TryGetValue(id, out var open) ? open() : null;

    /// <summary>Closes its files.</summary>
    public void Dispose()
    {
        foreach (var file in _files.Values) file.Dispose();
    }
}
