namespace ActorHutch.Shared.Blobs;

/// <summary>
/// Blobs on a worker's disk, a file each, named by its hash. What is in it is checked whenever it is used, so any number of
/// processes may share it, and a file that was damaged or cut short is fetched again.
/// </summary>
/// <param name="directory">Where; it is made where it is not there.</param>
public sealed class BlobCache(string directory)
{
    private const string Unfinished = ".part";

    /// <summary>What is kept, in bytes; the blobs used longest ago give way. Default: 32 GiB.</summary>
    public long MaxBytes { get; init; } = 32L << 30;

    /// <summary>The largest blob that is taken, in bytes. Default: 16 GiB.</summary>
    public long MaxBlobBytes { get; init; } = 16L << 30;

    /// <summary>Where it is.</summary>
    public string Directory => directory;

    /// <summary><c>actorhutch/blobs</c> under the user's folder for caches.</summary>
    public static string DefaultDirectory
    {
        get
        {
            string? caches = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
            if (string.IsNullOrEmpty(caches))
            {
                caches = OperatingSystem.IsWindows()
                    ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
                    : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
            }

            return Path.Combine(caches, "actorhutch", "blobs");
        }
    }

    /// <summary>The file that holds a blob, checked from end to end; null where there is none, or no good one.</summary>
    public string? Find(BlobReference blob)
    {
        ArgumentNullException.ThrowIfNull(blob);
        string path = PathOf(blob.Id);
        try
        {
            using (var stream = File.OpenRead(path))
            {
                if (stream.Length == blob.Length && BlobId.Of(stream) == blob.Id)
                {
                    File.SetLastAccessTimeUtc(path, DateTime.UtcNow);
                    return path;
                }
            }

            File.Delete(path);
        }
        catch (IOException)
        {
            // Not there, or gone meanwhile.
        }

        return null;
    }

    /// <summary>The file that holds a blob of which the name alone is known, checked; null where there is none.</summary>
    public (string Path, BlobReference Blob)? Find(BlobId id)
    {
        var file = new FileInfo(PathOf(id));
        if (!file.Exists) return null;
        var blob = new BlobReference(id, file.Length);
        return Find(blob) is { } path ? (path, blob) : null;
    }

    /// <summary>A new file for a blob that is to be written.</summary>
    internal (string Path, FileStream Stream) Begin()
    {
        System.IO.Directory.CreateDirectory(directory);
        RemoveLeftovers();
        string path = Path.Combine(directory, Guid.NewGuid().ToString("N") + Unfinished);
        return (path, new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None));
    }

    /// <summary>Takes what was written, which the caller has checked: all at once, or not at all.</summary>
    internal string Finish(string unfinished, BlobId id)
    {
        string path = PathOf(id);
        File.Move(unfinished, path, overwrite: true);
        MakeRoom(path);
        return path;
    }

    private string PathOf(BlobId id) => Path.Combine(directory, id.ToString());

    private void MakeRoom(string newest)
    {
        long bytes = 0;
        var files = new DirectoryInfo(directory).EnumerateFiles()
            .Where(file => BlobId.TryParse(file.Name, out _))
            .OrderByDescending(file => file.FullName == Path.GetFullPath(newest) ? DateTime.MaxValue : file.LastAccessTimeUtc);
        foreach (var file in files.ToList())
        {
            bytes += file.Length;
            if (bytes > MaxBytes && file.FullName != Path.GetFullPath(newest)) file.Delete();
        }
    }

    /// <summary>What a process that was killed left half written; another one's may still grow.</summary>
    private void RemoveLeftovers()
    {
        foreach (var file in new DirectoryInfo(directory).EnumerateFiles("*" + Unfinished))
        {
            if (file.LastWriteTimeUtc < DateTime.UtcNow.AddDays(-1)) file.Delete();
        }
    }
}
