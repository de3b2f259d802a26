using Microsoft.Win32.SafeHandles;

namespace ActorHutch.Curvature.Data.Bytes;

/// <summary>Takes what is unpacked: little of it in memory, more in a temporary file without a name.</summary>
internal sealed class UnpackedRoom(string place) : IDisposable
{
    /// <summary>What stays in memory, so that small data need no writable folder.</summary>
    private const int MemoryLimit = 16 << 20;

    private MemoryStream _memory = new();
    private SafeFileHandle? _file;
    private long _written;

    /// <summary>Adds bytes.</summary>
    /// <exception cref="CurvatureException">The temporary folder cannot be written to, or is full.</exception>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (_file is null && _written + bytes.Length <= MemoryLimit)
        {
            _memory.Write(bytes);
            _written += bytes.Length;
            return;
        }

        try
        {
            if (_file is null)
            {
                _file = Nameless();
                RandomAccess.Write(_file, _memory.GetBuffer().AsSpan(0, (int)_written), 0);
                _memory = new MemoryStream();
            }

            RandomAccess.Write(_file, bytes, _written);
            _written += bytes.Length;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CurvatureException(
                $"{place}: it cannot be unpacked to the temporary folder {Path.GetTempPath()}: {error.Message} "
                + "Free space there, or set TMPDIR to a folder with room, or unpack the file first.", error);
        }
    }

    /// <summary>What was written; it is the caller's now.</summary>
    public ByteSource Finish()
    {
        if (_file is null) return new MemoryBytes(place, _memory.GetBuffer().AsMemory(0, (int)_written));
        var file = new FileBytes(place, _file, _written);
        _file = null;
        return file;
    }

    public void Dispose()
    {
        _file?.Dispose();
        _memory.Dispose();
    }

    private static SafeFileHandle Nameless()
    {
        string path = Path.Combine(Path.GetTempPath(), $"actorhutch-unpacked-{Guid.NewGuid():N}");
        if (OperatingSystem.IsWindows())
        {
            return File.OpenHandle(
                path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, FileOptions.DeleteOnClose);
        }

        // Without a name it is gone even when the process is killed.
        var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite);
        File.Delete(path);
        return file;
    }
}
