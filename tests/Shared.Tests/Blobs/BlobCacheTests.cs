using ActorHutch.Shared.Blobs;

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

        Assert.Equal(Path.Combine(cache.Directory, blob.Id.ToString()), cache.Find(blob));
        Assert.Null(cache.Find(blob with { Id = BlobId.Of("another"u8) }));
    }

    [Fact]
    public void What_was_cut_short_or_changed_is_not_used_and_makes_room()
    {
        var cache = new BlobCache(_folder);
        var (cut, changed) = (Put(cache, 1, 100), Put(cache, 2, 100));
        File.WriteAllBytes(PathOf(cut), File.ReadAllBytes(PathOf(cut))[..99]);
        File.WriteAllBytes(PathOf(changed), new byte[100]);

        Assert.Null(cache.Find(cut));
        Assert.Null(cache.Find(changed));
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public void What_was_used_longest_ago_gives_way()
    {
        var cache = new BlobCache(_folder) { MaxBytes = 250 };
        var (first, second) = (Put(cache, 1, 100), Put(cache, 2, 100));
        File.SetLastAccessTimeUtc(PathOf(first), DateTime.UtcNow.AddMinutes(-2));
        File.SetLastAccessTimeUtc(PathOf(second), DateTime.UtcNow.AddMinutes(-1));
        Assert.NotNull(cache.Find(first));

        var third = Put(cache, 3, 100);

        Assert.NotNull(cache.Find(first));
        Assert.Null(cache.Find(second));
        Assert.NotNull(cache.Find(third));
    }

    [Fact]
    public void The_newest_stays_even_where_it_alone_is_too_much()
    {
        var cache = new BlobCache(_folder) { MaxBytes = 50 };

        Assert.NotNull(cache.Find(Put(cache, 1, 100)));
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

    private static BlobReference Put(BlobCache cache, byte value, int length)
    {
        byte[] content = [.. Enumerable.Repeat(value, length)];
        var (path, stream) = cache.Begin();
        using (stream) stream.Write(content);
        var blob = new BlobReference(BlobId.Of(content), length);
        cache.Finish(path, blob.Id);
        return blob;
    }

    private string PathOf(BlobReference blob) => Path.Combine(_folder, blob.Id.ToString());
}
