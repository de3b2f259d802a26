using System.Buffers;
using System.Globalization;
using ActorHutch.Curvature.Data.Bytes;

namespace ActorHutch.Curvature.Data;

/// <summary>
/// An open file whose content was hashed through the handle that it is read by. Each block is held against its hash whenever it
/// is read, so nothing is computed with other bytes than those that the hash names, whatever becomes of the file.
/// </summary>
/// <remarks>A file that is replaced by another one of its name is still read as it was. Several threads may read at once.</remarks>
public sealed class HashedFile : IDisposable
{
    private const int PieceSize = 1 << 20;

    private const string Advice = "The files of a job must stay as they are until it ends.";

    private readonly FileBytes _file;
    private readonly DateTime _written;

    private HashedFile(FileBytes file, ContentHashes content, DateTime written) =>
        (_file, Content, _written) = (file, content, written);

    /// <summary>Called at each read that finds another content, before the exception is thrown, on the thread that reads.</summary>
    public event Action<FileChangedException>? Changed;

    /// <summary>The file, as it was named.</summary>
    public string Path => _file.Place;

    /// <summary>What it holds.</summary>
    public ContentHashes Content { get; }

    /// <summary>Opens a file and hashes it, which takes about a second for a gigabyte.</summary>
    /// <exception cref="CurvatureException">There is none, it is empty or no regular file, or it cannot be read.</exception>
    public static HashedFile Open(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Taking(FileBytes.Open(path), file =>
        {
            var written = file.LastWriteTimeUtc;
            return new HashedFile(file, Hash(file), written);
        });
    }

    /// <summary>Opens a file whose content is known, without reading it.</summary>
    /// <exception cref="FileChangedException">It has another length.</exception>
    /// <exception cref="CurvatureException">There is none, or it cannot be read.</exception>
    public static HashedFile Open(string path, ContentHashes content)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(content);
        return Taking(FileBytes.Open(path), file => file.Length == content.Length
            ? new HashedFile(file, content, file.LastWriteTimeUtc)
            : throw new FileChangedException(string.Create(CultureInfo.InvariantCulture,
                $"{path} has {file.Length} bytes, and should have {content.Length}.")));
    }

    /// <summary>
    /// Whether the file is still the one at its path, by length and time: it was not written to and none was put in its place.
    /// </summary>
    public bool IsInPlace
    {
        get
        {
            var entry = FileBytes.Entry(Path);
            return entry.Exists && entry.Length == Content.Length && entry.LastWriteTimeUtc == _written;
        }
    }

    /// <summary>Reads all of it, from its beginning on.</summary>
    /// <returns>A stream that the caller disposes of; reading may throw a <see cref="FileChangedException"/>.</returns>
    public Stream OpenRead() => new SourceStream(Bytes());

    /// <summary>Closes the file; what reads it fails from then on.</summary>
    public void Dispose() => _file.Dispose();

    /// <summary>Its bytes, for one reader.</summary>
    internal ByteSource Bytes() => new HashedBytes(this);

    /// <summary>Reads blocks, all of the first, all of the second, …, and the last one as far as it goes.</summary>
    /// <exception cref="FileChangedException">They are not what they were.</exception>
    internal void ReadBlocks(long first, Span<byte> destination)
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

    private FileChangedException Report(FileChangedException error)
    {
        Changed?.Invoke(error);
        return error;
    }

    private static HashedFile Taking(FileBytes file, Func<FileBytes, HashedFile> make)
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

    private static ContentHashes Hash(FileBytes file)
    {
        byte[] piece = ArrayPool<byte>.Shared.Rent(PieceSize);
        try
        {
            using var hashes = new ContentHashes.Builder();
            while (hashes.Length < file.Length)
            {
                var part = piece.AsSpan(0, (int)Math.Min(PieceSize, file.Length - hashes.Length));
                file.Read(hashes.Length, part);
                hashes.Append(part);
            }

            return hashes.Finish();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }
}
