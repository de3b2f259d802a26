using Microsoft.Win32.SafeHandles;

namespace ActorHutch.Curvature.Data.Bytes;

/// <summary>The bytes of an open file.</summary>
internal sealed class FileBytes : ByteSource
{
    private readonly SafeFileHandle _file;
    private readonly DateTime _written;

    /// <summary>Takes a handle over.</summary>
    public FileBytes(string place, SafeFileHandle file, long length) : base(place)
    {
        _file = file;
        Length = length;
        _written = File.GetLastWriteTimeUtc(file);
    }

    public override long Length { get; }

    /// <summary>By its length and time, and by way of links.</summary>
    public override bool IsInPlace
    {
        get
        {
            var entry = new FileInfo(Place);
            entry = entry.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? entry;
            return entry.Exists && entry.Length == Length && entry.LastWriteTimeUtc == _written;
        }
    }

    /// <summary>Opens a regular file with something in it.</summary>
    /// <exception cref="CurvatureException">There is none, or it may not be read.</exception>
    public static FileBytes Open(string path)
    {
        if (path.Length == 0) throw new CurvatureException("No file is named: the path is empty.");
        try
        {
            var file = RegularFile.Open(path);
            return new FileBytes(path, file, RandomAccess.GetLength(file));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new CurvatureException($"{path}: the file cannot be read: {error.Message.TrimEnd('.')}.", error);
        }
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
