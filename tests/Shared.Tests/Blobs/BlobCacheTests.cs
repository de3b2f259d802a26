using ActorHutch.Curvature;
using ActorHutch.Curvature.Data.Bytes;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Shared.Tests.Blobs;

public sealed class BlobCacheTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("actorhutch-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_was_taken_is_found()
    {
        var cache = new BlobCache(Path.Combine(_folder, "deep", "cache"));

        var blob = Put(cache, 1, 100);

        using var file = cache.Find(blob.Id);
        Assert.Equal(Path.Combine(cache.Directory, blob.Id.ToString()), file?.Path);
        Assert.Null(cache.Find(BlobId.Of("another"u8)));
    }

    [Fact]
    public void What_was_cut_short_or_changed_is_not_used_and_makes_room()
    {
        var cache = new BlobCache(_folder);
        var (cut, changed) = (Put(cache, 1, 100), Put(cache, 2, 100));
        File.WriteAllBytes(PathOf(cut), File.ReadAllBytes(PathOf(cut))[..99]);
        File.WriteAllBytes(PathOf(changed), new byte[100]);
        // The file system's clock may not have moved on since it was put there.
        File.SetLastWriteTimeUtc(PathOf(changed), DateTime.UtcNow.AddMinutes(1));

        Assert.Null(cache.Find(cut.Id));
        Assert.Null(cache.Find(changed.Id));
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public void A_file_is_hashed_once_in_a_processs_life_and_again_when_it_was_written_to()
    {
        int hashed = 0;
        var blob = Put(new BlobCache(_folder), 1, 100_000);
        var cache = new BlobCache(_folder) { Hash = path => { hashed++; return HashedFile.Open(path); } };

        Assert.True(Finds(cache, blob) && Finds(cache, blob));
        Assert.Equal(1, hashed);

        File.SetLastWriteTimeUtc(PathOf(blob), DateTime.UtcNow.AddMinutes(-1));
        Assert.True(Finds(cache, blob) && Finds(cache, blob));
        Assert.Equal(2, hashed);

        var fetched = Put(cache, 2, 100_000);
        Assert.True(Finds(cache, fetched));
        Assert.Equal(2, hashed);
    }

    [Fact]
    public async Task Workers_that_want_the_same_file_at_once_have_it_hashed_once()
    {
        int hashed = 0;
        var blob = Put(new BlobCache(_folder), 1, 100_000);
        using var all = new Barrier(3);
        var cache = new BlobCache(_folder)
        {
            Hash = path =>
            {
                Interlocked.Increment(ref hashed);
                return HashedFile.Open(path);
            },
        };

        var files = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Factory.StartNew(
            () =>
            {
                all.SignalAndWait();
                return cache.Find(blob.Id);
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));

        Assert.All(files, Assert.NotNull);
        Assert.Equal(1, hashed);
        foreach (var file in files) file!.Dispose();
    }

    /// <summary>Neither length nor time tell; only reading does.</summary>
    [Fact]
    public void A_change_that_keeps_length_and_time_is_found_by_who_reads_and_the_file_is_not_used_again()
    {
        var cache = new BlobCache(_folder);
        var blob = Put(cache, 1, 100_000);
        var written = File.GetLastWriteTimeUtc(PathOf(blob));
        byte[] changed = File.ReadAllBytes(PathOf(blob));
        changed[70_000] ^= 1;
        File.WriteAllBytes(PathOf(blob), changed);
        File.SetLastWriteTimeUtc(PathOf(blob), written);

        using (var file = cache.Find(blob.Id)!)
        using (var stream = file.OpenRead())
            Assert.Throws<FileChangedException>(() => stream.CopyTo(Stream.Null));

        Assert.Null(cache.Find(blob.Id));
        Assert.False(File.Exists(PathOf(blob)));
    }

    [Fact]
    public void What_was_used_longest_ago_gives_way()
    {
        var cache = new BlobCache(_folder) { MaxBytes = 250 };
        var (first, second) = (Put(cache, 1, 100), Put(cache, 2, 100));
        File.SetLastAccessTimeUtc(PathOf(first), DateTime.UtcNow.AddMinutes(-2));
        File.SetLastAccessTimeUtc(PathOf(second), DateTime.UtcNow.AddMinutes(-1));
        Assert.True(Finds(cache, first));

        var third = Put(cache, 3, 100);

        Assert.True(Finds(cache, first));
        Assert.False(Finds(cache, second));
        Assert.True(Finds(cache, third));
    }

    [Fact]
    public void The_newest_stays_even_where_it_alone_is_too_much()
    {
        var cache = new BlobCache(_folder) { MaxBytes = 50 };

        Assert.True(Finds(cache, Put(cache, 1, 100)));
    }

    [Fact]
    public void What_a_killed_process_left_goes_and_what_another_one_writes_stays()
    {
        var cache = new BlobCache(_folder);
        File.WriteAllText(Path.Combine(_folder, "old.part"), "");
        File.SetLastWriteTimeUtc(Path.Combine(_folder, "old.part"), DateTime.UtcNow.AddDays(-2));
        File.WriteAllText(Path.Combine(_folder, "new.part"), "");
        File.WriteAllText(Path.Combine(_folder, "a file of the user's"), "");

        Put(cache, 1, 10);

        Assert.Equal(
            ["a file of the user's", "new.part"],
            Directory.GetFiles(_folder).Select(Path.GetFileName).Where(name => name!.Length < 64).Order());
    }

    [Fact]
    public void It_is_under_the_users_caches_where_nothing_else_is_said() =>
        Assert.EndsWith(Path.Combine("actorhutch", "blobs"), BlobCache.DefaultDirectory, StringComparison.Ordinal);

    private static bool Finds(BlobCache cache, BlobReference blob)
    {
        using var file = cache.Find(blob.Id);
        return file is not null;
    }

    private static BlobReference Put(BlobCache cache, byte value, int length)
    {
        byte[] content = [.. Enumerable.Repeat(value, length)];
        var (path, stream) = cache.Begin();
        using (stream) stream.Write(content);
        var blob = new BlobReference(BlobId.Of(content), length);
        using var hashes = new ContentHashes.Builder();
        hashes.Append(content);
        cache.Finish(path, hashes.Finish()).Dispose();
        return blob;
    }

    private string PathOf(BlobReference blob) => Path.Combine(_folder, blob.Id.ToString());
}
