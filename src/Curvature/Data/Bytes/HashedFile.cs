namespace ActorHutch.Curvature.Data.Bytes;

/// <summary>
/// An open file whose content was hashed through the handle that it is read by. Each block is held against its hash whenever it
/// is read, so nothing is computed with other bytes than those that the hash names, whatever becomes of the file.
/// </summary>
/// <remarks>A file that is replaced by another one of its name is still read as it was. Several threads may read at once.</remarks>
public abstract class HashedFile : IDisposable
{
    /// <summary>For what reads its blocks in its own way.</summary>
    /// <param name="path">What it is called.</param>
    /// <param name="content">What it holds.</param>
    protected HashedFile(string path, ContentHashes content) => (Path, Content) = (path, content);

    /// <summary>Called at each read that finds another content, before the exception is thrown, on the thread that reads.</summary>
    public event Action<FileChangedException>? Changed;

    /// <summary>The file, as it was named.</summary>
    public string Path { get; }

    /// <summary>What it holds.</summary>
    public ContentHashes Content { get; }

    /// <summary>
    /// Whether the file is still the one at its path, by length and time: it was not written to and none was put in its place.
    /// </summary>
    public abstract bool IsInPlace { get; }

    /// <summary>Opens a file and hashes it, which takes about a second for a gigabyte.</summary>
    /// <param name="path">The file.</param>
    /// <param name="withSegments">Whether its segments are hashed too, on another thread meanwhile.</param>
    /// <exception cref="CurvatureException">There is none, it is empty or no regular file, or it cannot be read.</exception>
    public static HashedFile Open(string path, bool withSegments)
    {
        ArgumentNullException.ThrowIfNull(path);
        return LocalFile.Open(path, withSegments);
    }

    /// <summary>Opens a file and hashes it, which takes about a second for a gigabyte.</summary>
    /// <exception cref="CurvatureException">There is none, it is empty or no regular file, or it cannot be read.</exception>
    public static HashedFile Open(string path) => Open(path, withSegments: false);

    /// <summary>Opens a file whose content is known, without reading it.</summary>
    /// <exception cref="FileChangedException">It has another length.</exception>
    /// <exception cref="CurvatureException">There is none, or it cannot be read.</exception>
    public static HashedFile Open(string path, ContentHashes content)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(content);
        return LocalFile.Open(path, content);
    }

    /// <summary>Reads all of it, from its beginning on.</summary>
    /// <returns>A stream that the caller disposes of; reading may throw a <see cref="FileChangedException"/>.</returns>
    public Stream OpenRead() => new SourceStream(Bytes());

    /// <summary>Reads some of it.</summary>
    /// <param name="start">The first byte.</param>
    /// <param name="length">How many.</param>
    /// <returns>A stream that the caller disposes of; reading may throw a <see cref="FileChangedException"/>.</returns>
    public Stream OpenRead(long start, long length) => new SourceStream(new PartBytes(Path, Bytes(), start, length));

    /// <summary>Reads blocks, all of the first, all of the second, …, and the last one as far as it goes.</summary>
    /// <param name="first">The first block, from 0.</param>
    /// <param name="destination">Where they go: whole blocks, but for the file's last one.</param>
    /// <exception cref="FileChangedException">They are not what they were.</exception>
    /// <exception cref="MachineException">They cannot be had here.</exception>
    public abstract void ReadBlocks(long first, Span<byte> destination);

    /// <summary>Closes the file; what reads it fails from then on.</summary>
    public abstract void Dispose();

    /// <summary>Its bytes, for one reader.</summary>
    internal ByteSource Bytes() => new HashedBytes(this);

    /// <summary>Tells who wants to know of a change, and gives the exception to throw.</summary>
    protected FileChangedException Report(FileChangedException error)
    {
        Changed?.Invoke(error);
        return error;
    }
}
