namespace ActorHutch.Curvature.Data.Bytes;

/// <summary>
/// Bytes as a file in the temporary folder, for a reader that takes nothing but a path. Nobody else has its name, and it is
/// gone when it is disposed of.
/// </summary>
internal sealed class PrivateCopy : IDisposable
{
    private const int PieceSize = 1 << 20;

    /// <summary>Copies some bytes.</summary>
    /// <exception cref="CurvatureException">They cannot be read, or the temporary folder cannot be written to, or is full.</exception>
    public PrivateCopy(ByteSource source)
    {
        Path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"actorhutch-copy-{Guid.NewGuid():N}");
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            using var file = new FileStream(Path, options);
            byte[] piece = new byte[PieceSize];
            for (long at = 0; at < source.Length; at += PieceSize)
            {
                var part = piece.AsSpan(0, (int)Math.Min(PieceSize, source.Length - at));
                source.Read(at, part);
                file.Write(part);
            }
        }
        catch (Exception error)
        {
            Dispose();
            if (error is not (IOException or UnauthorizedAccessException)) throw;
            throw new CurvatureException(
                $"{source.Place}: it cannot be copied to the temporary folder {System.IO.Path.GetTempPath()}: {error.Message} "
                + "Free space there, or set TMPDIR to a folder with room.", error);
        }
    }

    /// <summary>Where it is.</summary>
    public string Path { get; }

    public void Dispose() => File.Delete(Path);
}
