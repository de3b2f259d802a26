using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace ActorHutch.Curvature.Data.Bytes;

/// <summary>
/// Opens the files that people name. Whatever is no regular file is refused before it is opened: a pipe could be waited
/// for without end, and a device such as /dev/zero be read without end.
/// </summary>
/// <remarks>The errors' messages name no path and end without a full stop, so that they fit into a sentence about it.</remarks>
public static class RegularFile
{
    /// <summary>Opens a file with something in it.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="IOException">It is a directory, a pipe, a device or a socket, it is empty, or it cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static SafeFileHandle Open(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (path.Length == 0) throw new IOException("no file is named");
        if (Directory.Exists(path)) throw new IOException("this is a directory; name a file in it");
        if (!File.Exists(path)) throw new FileNotFoundException("there is no such file");
        if (LengthOf(path) == 0) throw Empty();

        var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.None);
        try
        {
            return RandomAccess.GetLength(file) > 0 ? file : throw Empty();
        }
        catch (NotSupportedException)
        {
            file.Dispose();
            throw Empty();
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Opens a file with something in it as a stream.</summary>
    /// <exception cref="IOException">As for <see cref="Open"/>.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static FileStream OpenStream(string path) => new(Open(path), FileAccess.Read);

    /// <summary>Reads a file that is small, or not what it is given for.</summary>
    /// <param name="path">The file.</param>
    /// <param name="limit">The most bytes that it may have.</param>
    /// <exception cref="IOException">As for <see cref="Open"/>, or it is longer.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static byte[] ReadAll(string path, int limit)
    {
        using var file = Open(path);
        long length = RandomAccess.GetLength(file);
        if (length > limit)
        {
            throw new IOException(string.Create(
                CultureInfo.InvariantCulture, $"it has {length:N0} bytes, and at most {limit:N0} are read"));
        }

        byte[] content = new byte[length];
        int read = 0;
        while (read < content.Length && RandomAccess.Read(file, content.AsSpan(read), read) is > 0 and var count) read += count;
        return read == content.Length ? content : throw new IOException("it was cut short while it was read");
    }

    /// <summary>The length of what a name leads to; 0 for what is no regular file, for which the system knows no length.</summary>
    private static long LengthOf(string path)
    {
        var entry = new FileInfo(path);
        if (entry.ResolveLinkTarget(returnFinalTarget: true) is FileInfo target) entry = target;
        // A link of /dev/fd to a pipe leads to no file.
        return entry.Exists ? entry.Length : 0;
    }

    private static IOException Empty() => new("the file is empty, or not a regular file, but a pipe or a device");
}
