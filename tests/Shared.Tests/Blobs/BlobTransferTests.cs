using System.Security.Cryptography;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Jobs;
using Akka.Actor;

namespace ActorHutch.Shared.Tests.Blobs;

/// <summary>Blobs between two actor systems over TCP.</summary>
public class BlobTransferTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(BlobActor.PieceBytes)]
    [InlineData(3 * BlobActor.PieceBytes + 5)]
    public async Task A_blob_arrives_as_it_was(int bytes)
    {
        await using var hosts = new Hosts();
        byte[] content = RandomNumberGenerator.GetBytes(bytes);

        using var file = await hosts.Fetcher.FetchAsync(hosts.Remote, hosts.Store.Add(content));

        Assert.Equal(content, await File.ReadAllBytesAsync(file.Path));
        Assert.Equal(BlobId.Of(content), BlobId.Of(file.Content));
    }

    [Fact]
    public async Task What_is_in_the_cache_is_not_fetched_again_and_what_is_damaged_there_is()
    {
        await using var hosts = new Hosts();
        int opened = 0;
        byte[] content = RandomNumberGenerator.GetBytes(100_000);
        var blob = hosts.Store.Add(BlobId.Of(content), content.Length, () =>
        {
            opened++;
            return new MemoryStream(content);
        });
        using var first = await hosts.Fetcher.FetchAsync(hosts.Remote, blob);

        using var second = await hosts.Fetcher.FetchAsync(hosts.Remote, blob);
        Assert.Equal(1, opened);

        await File.WriteAllBytesAsync(first.Path, [.. content.Reverse()]);
        // The file system's clock may not have moved on since it was fetched.
        File.SetLastWriteTimeUtc(first.Path, DateTime.UtcNow.AddMinutes(1));
        using var third = await hosts.Fetcher.FetchAsync(hosts.Remote, blob);
        Assert.Equal(2, opened);
        Assert.Equal(content, await File.ReadAllBytesAsync(third.Path));
    }

    [Fact]
    public async Task A_sender_that_breaks_off_is_asked_again()
    {
        await using var hosts = new Hosts();
        byte[] content = RandomNumberGenerator.GetBytes(1_000_000);
        int opened = 0;
        var blob = hosts.Store.Add(BlobId.Of(content), content.Length, () => new MemoryStream(
            ++opened < 3 ? content[..500_000] : content));

        using var file = await hosts.Fetcher.FetchAsync(hosts.Remote, blob);

        Assert.Equal(3, opened);
        Assert.Equal(content, await File.ReadAllBytesAsync(file.Path));
        Assert.Single(Directory.GetFiles(hosts.Cache.Directory));
    }

    [Fact]
    public async Task Other_bytes_than_the_name_says_never_get_into_the_cache()
    {
        await using var hosts = new Hosts();
        var blob = hosts.Store.Add(BlobId.Of("this"u8), 4, () => new MemoryStream([1, 2, 3, 4]));

        var error = await Assert.ThrowsAsync<BlobException>(() => hosts.Fetcher.FetchAsync(hosts.Remote, blob));

        Assert.Contains("in 5 attempts: What came is blob", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(hosts.Cache.Directory));
    }

    [Fact]
    public async Task More_bytes_than_were_named_are_not_taken()
    {
        await using var hosts = new Hosts();
        byte[] content = new byte[10 * BlobActor.PieceBytes];
        hosts.Store.Add(content);
        long read = 0;
        var blob = hosts.Store.Add(BlobId.Of(content), content.Length, () => new EndlessStream(bytes => read += bytes));

        var error = await Assert.ThrowsAsync<BlobException>(() => hosts.Fetcher.FetchAsync(hosts.Remote, blob));

        Assert.Contains("More than its 655,360 bytes came", error.Message, StringComparison.Ordinal);
        // Five attempts, each with what the two sides may have under way.
        Assert.InRange(read, 1, 5L * 200 * BlobActor.PieceBytes);
        Assert.Empty(Directory.GetFiles(hosts.Cache.Directory));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData((2L << 30) + 1)]
    [InlineData(long.MaxValue)]
    public async Task A_length_beyond_the_limit_is_refused_before_anything_is_asked_for(long length)
    {
        await using var hosts = new Hosts();

        var error = await Assert.ThrowsAsync<BlobException>(
            () => hosts.Fetcher.FetchAsync(ActorRefs.Nobody, new BlobReference(BlobId.Of("x"u8), length)));

        Assert.Contains("are accepted", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_blob_that_nobody_has_is_named()
    {
        await using var hosts = new Hosts();
        var blob = new BlobReference(BlobId.Of("nowhere"u8), 7);

        var error = await Assert.ThrowsAsync<BlobException>(() => hosts.Fetcher.FetchAsync(hosts.Remote, blob));

        Assert.Equal($"The coordinator has no blob {blob.Id}.", error.Message);
    }

    [Fact]
    public async Task More_receivers_than_are_served_at_once_are_all_served()
    {
        await using var hosts = new Hosts();
        var blobs = Enumerable.Range(0, BlobActor.MaxStreams + 8)
            .Select(i => hosts.Store.Add(RandomNumberGenerator.GetBytes(BlobActor.PieceBytes + i))).ToList();

        var files = await Task.WhenAll(blobs.Select(blob => hosts.Fetcher.FetchAsync(hosts.Remote, blob)));

        Assert.Equal(blobs.Select(blob => blob.Id.ToString()), files.Select(file => Path.GetFileName(file.Path)));
        foreach (var file in files) file.Dispose();
    }

    [Fact]
    public async Task Who_gives_up_leaves_nothing_behind()
    {
        await using var hosts = new Hosts();
        using var cancellation = new CancellationTokenSource();
        var blob = hosts.Store.Add(BlobId.Of("endless"u8), 1L << 30, () => new EndlessStream(_ => cancellation.Cancel()));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => hosts.Fetcher.FetchAsync(hosts.Remote, blob, cancellation.Token));

        Assert.All([hosts.Cache.Directory], directory => Assert.True(!Directory.Exists(directory) || Directory.GetFiles(directory).Length == 0));
    }

    private sealed class EndlessStream(Action<int> onRead) : MemoryStream
    {
        public override int Read(Span<byte> buffer)
        {
            onRead(buffer.Length);
            return buffer.Length;
        }
    }
}
