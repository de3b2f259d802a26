using Microsoft.Win32.SafeHandles;

namespace ActorHutch.Curvature.Data.Bytes;

/// <summary>The bytes of an open file.</summary>
internal sealed class FileBytes : ByteSource
{
    private readonly SafeFileHandle _file;

    /// <summary>Takes a handle over.</summary>
    public FileBytes(string place, SafeFileHandle file, long length) : base(place)
    {
        _file = file;
        Length = length;
    }

    public override long Length { get; }

    /// <summary>When the open file was last written to.</summary>
    public DateTime LastWriteTimeUtc => File.GetLastWriteTimeUtc(_file);

    /// <summary>What a path leads to, by way of links.</summary>
    public static FileInfo Entry(string path)
    {
        var entry = new FileInfo(path);
        return entry.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? entry;
    }

    /// <summary>Opens a regular file with something in it.</summary>
    /// <exception cref="CurvatureException">There is none, or it may not be read.</exception>
    public static FileBytes Open(string path)
    {
        if (path.Length == 0) throw new CurvatureException("No file is named: the path is empty.");
        if (Directory.Exists(path)) throw Wrong("this is a directory; name a file in it.", null);
        if (!File.Exists(path)) throw Wrong("there is no such file.", null);
        SafeFileHandle? file = null;
        try
        {
            // A pipe has no length either, and opening one could wait for ever.
            if (Entry(path).Length == 0) throw Empty();
            file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.None);
            long length = RandomAccess.GetLength(file);
            return length > 0 ? new FileBytes(path, file, length) : throw Empty();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            file?.Dispose();
            throw Wrong($"the file cannot be read: {error.Message}", error);
        }
        catch (CurvatureException)
        {
            file?.Dispose();
            throw;
        }

        CurvatureException Empty() => Wrong("the file is empty, or not a regular file.", null);

        CurvatureException Wrong(string what, Exception? cause) =>
            cause is null ? new($"{path}: {what}") : new($"{path}: {what}", cause);
    }

    public override void Read(long offset, Span<byte> destination)
    {
        if (offset < 0 || offset > Length - destination.Length) throw EndsBefore(offset, destination.Length);
        try
        {
            while (destination.Length > 0)
            {
                int count = RandomAccess.Read(_file, destination, offset);
                if (count == 0) throw Wrong($"it ends at byte {offset} now, and had {Length} when it was opened.");
                destination = destination[count..];
                offset += count;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Wrong($"it cannot be read at byte {offset}: {error.Message}", error);
        }
    }

    public override void Dispose() => _file.Dispose();
}
