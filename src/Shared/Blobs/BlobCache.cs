using System.Collections.Concurrent;
using ActorHutch.Curvature;
using ActorHutch.Curvature.Data.Bytes;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Shared.Blobs;

/// <summary>
/// Blobs on a worker's disk, a file each, named by its hash. What is in it is checked whenever it is used, so any number of
/// processes may share it, and a file that was damaged or cut short is fetched again. A file is hashed once in a process's life;
/// from then on its blocks are held against their hashes as they are read.
/// </summary>
/// <param name="directory">Where; it is made where it is not there.</param>
public sealed class BlobCache(string directory)
{
    private const string Unfinished = ".part";

    private readonly ConcurrentDictionary<BlobId, (ContentHashes Content, DateTime Written)> _known = [];
    private readonly Lock _hashing = new(), _tidying = new();
    private long _written;
    private bool _isTidy;

    /// <summary>What is kept, in bytes, and a 64th more at times; the blobs used longest ago give way. Default: 32 GiB.</summary>
    public long MaxBytes { get; init; } = 32L << 30;

    /// <summary>The largest blob that is taken, in bytes. Default: 16 GiB.</summary>
    public long MaxBlobBytes { get; init; } = 16L << 30;

    /// <summary>
    /// The largest file that is read in segments, in bytes. What is kept of it counts by segments; all that its length asks for is
    /// memory for a list of 32 bytes a segment. Default: 1 TiB, a list of 32 MiB.
    /// </summary>
    public long MaxSegmentedBytes { get; init; } = 1L << 40;

    /// <summary>Where it is.</summary>
    public string Directory => directory;

    /// <summary>What this process is fetching into it.</summary>
    internal BlobFetches Fetches { get; } = new();

    /// <summary>Opens and hashes a file. Default: <see cref="HashedFile.Open(string)"/>.</summary>
    internal Func<string, HashedFile> Hash { get; init; } = HashedFile.Open;

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

    /// <summary>
    /// The file that holds a blob; null where there is none, or no good one. Hashing it, the first time, takes about a second
    /// for a gigabyte.
    /// </summary>
    /// <returns>The open file, the caller's to dispose of.</returns>
    public HashedFile? Find(BlobId id)
    {
        string path = PathOf(id);
        if (!File.Exists(path)) return null;
        try
        {
            var file = OpenKnown(id, path) ?? HashAlone(id, path);
            if (file is not null) File.SetLastAccessTimeUtc(path, DateTime.UtcNow);
            return file;
        }
        catch (Exception error) when (error is CurvatureException or IOException or UnauthorizedAccessException)
        {
            // Gone meanwhile, or it cannot be read: it is brought again.
            return null;
        }
    }

    /// <summary>The same; where the file has to be hashed, on a thread of its own, which is held up for as long as it takes.</summary>
    public Task<HashedFile?> FindAsync(BlobId id) => _known.ContainsKey(id) || !File.Exists(PathOf(id))
        ? Task.FromResult(Find(id))
        : Task.Factory.StartNew(() => Find(id), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>A new file for a blob that is to be written.</summary>
    internal (string Path, FileStream Stream) Begin()
    {
        System.IO.Directory.CreateDirectory(directory);
        lock (_tidying)
        {
            if (!_isTidy) RemoveLeftovers();
            _isTidy = true;
        }

        string path = Path.Combine(directory, Guid.NewGuid().ToString("N") + Unfinished);
        return (path, new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None));
    }

    /// <summary>Takes what was written, all at once, or not at all.</summary>
    /// <param name="unfinished">The file.</param>
    /// <param name="content">What the caller wrote to it.</param>
    /// <returns>The open file, the caller's to dispose of.</returns>
    internal HashedFile Finish(string unfinished, ContentHashes content)
    {
        var id = BlobId.Of(content);
        string path = PathOf(id);
        File.Move(unfinished, path, overwrite: true);
        MakeRoom(path, content.Length);
        return Knowing(id, path, HashedFile.Open(path, content));
    }

    /// <summary>A file that was hashed before and was not written to since, opened without reading it.</summary>
    private HashedFile? OpenKnown(BlobId id, string path) =>
        _known.TryGetValue(id, out var known)
        && new FileInfo(path) is var now && (now.Length, now.LastWriteTimeUtc) == (known.Content.Length, known.Written)
            ? Forgetting(id, HashedFile.Open(path, known.Content))
            : null;

    /// <summary>Hashes a file. Of several workers that want the same one, the first does it for all.</summary>
    private HashedFile? HashAlone(BlobId id, string path)
    {
        lock (_hashing)
        {
            if (OpenKnown(id, path) is { } known) return known;
            var file = Hash(path);
            if (BlobId.Of(file.Content) == id) return Knowing(id, path, file);
            file.Dispose();
            File.Delete(path);
            return null;
        }
    }

    private HashedFile Knowing(BlobId id, string path, HashedFile file)
    {
        _known[id] = (file.Content, File.GetLastWriteTimeUtc(path));
        return Forgetting(id, file);
    }

    /// <summary>A file that turns out to have changed, though its time has not, is hashed when it is wanted next.</summary>
    private HashedFile Forgetting(BlobId id, HashedFile file)
    {
        file.Changed += error => _known.TryRemove(id, out _);
        return file;
    }

    private string PathOf(BlobId id) => Path.Combine(directory, id.ToString());

    /// <summary>
    /// Looks through the folder, which takes as long as there are files in it, once a 64th of what is kept was written.
    /// </summary>
    private void MakeRoom(string newest, long length)
    {
        lock (_tidying)
        {
            bool isFirst = _written == 0;
            _written += length;
            if (!isFirst && _written < MaxBytes / 64) return;
            // Never 0 again: what other processes left was looked through.
            _written = 1;
            newest = Path.GetFullPath(newest);
            RemoveLeftovers();
            Forget(RemoveOldest(newest));
        }
    }

    /// <summary>Deletes what was used longest ago, and gives the names of what is left.</summary>
    private HashSet<string> RemoveOldest(string newest)
    {
        long bytes = 0;
        var kept = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (file, length, _) in Blobs().OrderByDescending(blob => blob.File.FullName == newest ? DateTime.MaxValue : blob.Used))
        {
            bytes += length;
            if (bytes > MaxBytes && file.FullName != newest) file.Delete();
            else kept.Add(file.Name);
        }

        return kept;
    }

    private List<(FileInfo File, long Length, DateTime Used)> Blobs()
    {
        var blobs = new List<(FileInfo, long, DateTime)>();
        foreach (var file in new DirectoryInfo(directory).EnumerateFiles().Where(file => BlobId.TryParse(file.Name, out _)))
        {
            try
            {
                blobs.Add((file, file.Length, file.LastAccessTimeUtc));
            }
            catch (FileNotFoundException)
            {
                // Other processes make room too.
            }
        }

        return blobs;
    }

    private void Forget(HashSet<string> kept)
    {
        foreach (var id in _known.Keys.Where(id => !kept.Contains(id.ToString()))) _known.TryRemove(id, out _);
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
