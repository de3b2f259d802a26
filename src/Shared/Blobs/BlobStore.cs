using System.Collections.Concurrent;
using ActorHutch.Curvature.Data;

namespace ActorHutch.Shared.Blobs;

/// <summary>
/// The blobs that a coordinator has to give: files, read as they are asked for, and small ones in memory.
/// </summary>
public sealed class BlobStore
{
    private readonly ConcurrentDictionary<BlobId, Func<Stream>> _blobs = [];
    private readonly ConcurrentDictionary<BlobId, string> _paths = [];

    /// <summary>Offers a file, which must stay as it is: what a receiver gets is checked against its name.</summary>
    /// <exception cref="IOException">It cannot be read, or is no regular file.</exception>
    public BlobReference AddFile(string path)
    {
        using var stream = RegularFile.OpenStream(path);
        return AddFile(path, new BlobReference(BlobId.Of(stream), stream.Length));
    }

    /// <summary>Offers a file whose name is known already.</summary>
    public BlobReference AddFile(string path, BlobReference blob)
    {
        ArgumentNullException.ThrowIfNull(blob);
        _paths[blob.Id] = path;
        return Add(blob.Id, blob.Length, () => File.OpenRead(path));
    }

    /// <summary>Where a blob's file lies; null where it is not here, or no file.</summary>
    public string? PathOf(BlobId id) => _paths.GetValueOrDefault(id);

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

    /// <summary>Opens a blob; null where there is none of this name.</summary>
    /// <exception cref="IOException">It is there no more.</exception>
    public Stream? Open(BlobId id) => _blobs.TryGetValue(id, out var open) ? open() : null;
}
