using System.Security.Cryptography;
using ActorHutch.Curvature;
using ActorHutch.Curvature.Data.Bytes;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Jobs;
using Akka.Actor;

namespace ActorHutch.Shared.Tests.Blobs;

/// <summary>Segments of a file between two actor systems over TCP.</summary>
public sealed class SegmentTransferTests
{
    private const int Segment = SegmentHashes.SegmentSize;

    private readonly byte[] _content = RandomNumberGenerator.GetBytes((5 * Segment) + 77);

    [Fact]
    public async Task Only_what_is_read_travels()
    {
        await using var hosts = new Hosts();
        var (content, list) = Offer(hosts);
        long received = 0;
        using var file = await OpenAsync(hosts, content, list.Id, bytes => Interlocked.Add(ref received, bytes));
        Assert.Equal(6 * 32, received);

        byte[] middle = new byte[2 * Segment];
        file.ReadBlocks(2 * Segment / ContentHashes.BlockSize, middle);

        Assert.Equal(Part(2 * Segment, 2 * Segment), middle);
        Assert.Equal((6 * 32) + (2 * Segment), received);
        using var stream = file.OpenRead();
        Assert.Equal(SHA256.HashData(_content), await SHA256.HashDataAsync(stream, TestContext.Current.CancellationToken));
        Assert.Equal((6 * 32) + _content.Length, received);
    }

    [Fact]
    public async Task Of_several_readers_in_a_process_each_segment_is_fetched_once()
    {
        await using var hosts = new Hosts();
        var (content, list) = Offer(hosts);
        long received = 0;
        var files = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => OpenAsync(hosts, content, list.Id, bytes => Interlocked.Add(ref received, bytes))));

        var read = await Task.WhenAll(files.Select(file => Task.Factory.StartNew(
            () =>
            {
                byte[] all = new byte[_content.Length];
                file.ReadBlocks(0, all);
                return all;
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));

        Assert.All(read, all => Assert.Equal(_content, all));
        Assert.Equal((6 * 32) + _content.Length, received);
    }

    [Fact]
    public async Task A_blob_that_another_one_could_not_bring_is_tried_by_who_waited()
    {
        await using var hosts = new Hosts();
        byte[] content = RandomNumberGenerator.GetBytes(100_000);
        using var opened = new ManualResetEventSlim();
        using var leave = new CancellationTokenSource();
        int tries = 0;
        var blob = hosts.Store.Add(BlobId.Of(content), content.Length, () =>
        {
            opened.Set();
            return Interlocked.Increment(ref tries) == 1 ? new SilentStream() : new MemoryStream(content);
        });
        var first = hosts.Fetcher.FetchAsync(hosts.Remote, blob, leave.Token);
        opened.Wait(TestContext.Current.CancellationToken);
        var second = hosts.Fetcher.FetchAsync(hosts.Remote, blob, TestContext.Current.CancellationToken);

        await leave.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        using var file = await second;
        Assert.Equal(BlobId.Of(content), BlobId.Of(file.Content));
        Assert.Equal(2, tries);
    }

    /// <summary>A length is a claim: nothing is allocated by it, and nothing is asked for by one that is out of bounds.</summary>
    [Theory, InlineData(0), InlineData(-1), InlineData((1L << 40) + 1), InlineData(long.MaxValue)]
    public async Task A_length_beyond_the_limit_is_refused_before_anything_is_asked_for(long length)
    {
        await using var hosts = new Hosts();

        var error = await Assert.ThrowsAsync<BlobException>(() => hosts.Fetcher.FetchSegmentsAsync(
            () => new BlobSource(ActorRefs.Nobody, CancellationToken.None), "data.npy", new BlobReference(BlobId.Of("x"u8), length), BlobId.Of("y"u8)));

        Assert.StartsWith("data.npy has", error.Message, StringComparison.Ordinal);
    }

    [Theory, InlineData(10L * Segment, "192 of its 320 bytes came"), InlineData(2L * Segment, "More than its 64 bytes came")]
    public async Task A_list_of_another_length_than_the_files_is_not_taken(long claimed, string problem)
    {
        await using var hosts = new Hosts();
        var (content, list) = Offer(hosts);

        var error = await Assert.ThrowsAsync<BlobException>(
            () => OpenAsync(hosts, content with { Length = claimed }, list.Id));

        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_of_hashes_that_nobody_has_the_bytes_of_is_this_machines_trouble_when_it_is_read()
    {
        await using var hosts = new Hosts();
        var list = hosts.Store.Add(RandomNumberGenerator.GetBytes(64));
        using var file = await OpenAsync(hosts, new BlobReference(BlobId.Of("x"u8), 2L * Segment), list.Id);

        var error = Assert.Throws<MachineException>(() => file.ReadBlocks(0, new byte[ContentHashes.BlockSize]));

        Assert.StartsWith("data.npy: The coordinator has no blob", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_segment_that_changed_on_the_coordinators_disk_never_arrives_and_the_coordinator_is_told()
    {
        await using var hosts = new Hosts();
        var (content, list) = Offer(hosts);
        FileChangedException? changed = null;
        hosts.Store.Changed += error => changed = error;
        using (var disk = File.OpenHandle(hosts.File("data"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            RandomAccess.Write(disk, [1, 2, 3], Segment + 100_000);
        using var file = await OpenAsync(hosts, content, list.Id);

        byte[] segment = new byte[Segment];
        file.ReadBlocks(0, segment);
        Assert.Equal(Part(0, Segment), segment);
        var error = Assert.Throws<MachineException>(() => file.ReadBlocks(Segment / ContentHashes.BlockSize, segment));

        Assert.Contains("could not be fetched in 5 attempts", error.Message, StringComparison.Ordinal);
        Assert.Contains("have changed since the file was hashed", changed?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_leaves_the_job_is_not_held_up_any_longer()
    {
        await using var hosts = new Hosts();
        var (content, list) = Offer(hosts);
        using var leave = new CancellationTokenSource();
        using var asked = new ManualResetEventSlim();
        hosts.Store.Add(BlobId.Of(_content.AsSpan(0, Segment)), Segment, () =>
        {
            asked.Set();
            return new SilentStream();
        });
        using var file = await OpenAsync(hosts, content, list.Id, cancellation: leave.Token);
        var reading = Task.Factory.StartNew(
            () => file.ReadBlocks(0, new byte[Segment]), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        asked.Wait(TestContext.Current.CancellationToken);

        await leave.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
    }

    [Fact]
    public async Task A_cache_that_cannot_be_written_to_is_said_at_once()
    {
        await using var hosts = new Hosts();
        var blob = hosts.Store.Add([1, 2, 3]);
        await File.WriteAllTextAsync(hosts.File("no folder"), "", TestContext.Current.CancellationToken);
        var cache = new BlobCache(Path.Combine(hosts.File("no folder"), "cache"));

        var error = await Assert.ThrowsAsync<BlobException>(
            () => new BlobFetcher(cache, hosts.Materializer).FetchAsync(hosts.Remote, blob, TestContext.Current.CancellationToken));

        Assert.StartsWith($"The cache {cache.Directory} cannot be written to: ", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("Free space there, or name another folder with --cache.", error.Message, StringComparison.Ordinal);
    }

    private byte[] Part(int start, int length) => _content.AsSpan(start, length).ToArray();

    private (BlobReference Content, BlobReference List) Offer(Hosts hosts)
    {
        File.WriteAllBytes(hosts.File("data"), _content);
        var file = HashedFile.Open(hosts.File("data"), withSegments: true);
        var content = hosts.Store.Add(file);
        return (content, hosts.Store.AddSegments(file)!);
    }

    private static Task<SegmentedFile> OpenAsync(
        Hosts hosts, BlobReference content, BlobId list, Action<int>? received = null, CancellationToken cancellation = default)
    {
        var fetcher = new BlobFetcher(hosts.Cache, hosts.Materializer)
        {
            Pause = TimeSpan.FromMilliseconds(50),
            Received = received ?? (_ => { }),
        };
        return fetcher.FetchSegmentsAsync(() => new BlobSource(hosts.Remote, cancellation), "data.npy", content, list);
    }

    /// <summary>A disk that does not answer until it is closed.</summary>
    private sealed class SilentStream : MemoryStream
    {
        private readonly ManualResetEventSlim _closed = new();

        public override int Read(Span<byte> buffer)
        {
            _closed.Wait(TimeSpan.FromMinutes(1), CancellationToken.None);
            return 0;
        }

        protected override void Dispose(bool disposing)
        {
            _closed.Set();
            base.Dispose(disposing);
        }
    }
}
