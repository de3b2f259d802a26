using System.Security.Cryptography;
using ActorHutch.Curvature;
using ActorHutch.Curvature.Data.Bytes;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Shared.Tests.Blobs;

/// <summary>A file of some segments, and a source that gives them without a network.</summary>
public sealed class SegmentedFileTests : IDisposable
{
    private const int Segment = SegmentHashes.SegmentSize, Block = ContentHashes.BlockSize;

    private readonly string _folder = Directory.CreateTempSubdirectory("actorhutch-").FullName;
    private readonly byte[] _content = RandomNumberGenerator.GetBytes((6 * Segment) + 5);
    private readonly SegmentHashes _segments;
    private readonly List<int> _fetched = [];

    public SegmentedFileTests()
    {
        byte[] hashes = [.. Enumerable.Range(0, 7).SelectMany(i => SHA256.HashData(SegmentOf(i)))];
        _segments = new SegmentHashes(_content.Length, hashes);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(0, Block, new[] { 0 })]
    [InlineData(Segment - Block, 2 * Block, new[] { 0, 1 })]
    [InlineData(Segment, Segment, new[] { 1 })]
    [InlineData((2 * Segment) + Block, 3 * Segment, new[] { 2, 3, 4, 5 })]
    [InlineData((6 * Segment) - Block, Block + 5, new[] { 5, 6 })]
    [InlineData(0, (6 * Segment) + 5, new[] { 0, 1, 2, 3, 4, 5, 6 })]
    public void What_is_read_is_fetched_and_nothing_else(int start, int length, int[] segments)
    {
        using var file = Open(new BlobCache(_folder));

        Assert.Equal(Part(start, length), Read(file, start, length));

        Assert.Equal(segments, _fetched.Order());
        Assert.Equal(segments.Length, Directory.GetFiles(_folder).Length);
    }

    [Fact]
    public void As_a_stream_it_is_what_it_is_as_a_whole()
    {
        using var file = Open(new BlobCache(_folder));
        using var stream = file.OpenRead();

        Assert.Equal(SHA256.HashData(_content), SHA256.HashData(stream));
        Assert.Equal(7, _fetched.Count);
        Assert.Equal(_content.Length, file.Content.Length);
    }

    [Fact]
    public void What_was_fetched_before_serves_the_next_reader_and_the_next_process()
    {
        var cache = new BlobCache(_folder);
        Read(Open(cache), 0, 3 * Segment);
        Assert.Equal(3, _fetched.Count);

        Assert.Equal(Part(Segment, Segment), Read(Open(cache), Segment, Segment));
        Assert.Equal(Part(0, 4 * Segment), Read(Open(new BlobCache(_folder)), 0, 4 * Segment));

        Assert.Equal([0, 1, 2, 3], _fetched.Order());
    }

    [Theory, InlineData("cut short"), InlineData("changed"), InlineData("changed with its time kept"), InlineData("deleted")]
    public void What_the_cache_lost_or_spoiled_is_fetched_again_under_who_reads(string damage)
    {
        using var file = Open(new BlobCache(_folder));
        Read(file, 0, 2 * Segment);
        string path = Path.Combine(_folder, NameOf(1));
        var written = File.GetLastWriteTimeUtc(path);
        if (damage == "deleted") File.Delete(path);
        else if (damage == "cut short") File.WriteAllBytes(path, SegmentOf(1)[..100]);
        else File.WriteAllBytes(path, [.. SegmentOf(1).Reverse()]);
        // The file system's clock may not have moved on since it was fetched.
        if (damage == "changed") File.SetLastWriteTimeUtc(path, written.AddMinutes(1));
        if (damage.EndsWith("kept", StringComparison.Ordinal)) File.SetLastWriteTimeUtc(path, written);

        Assert.Equal(Part(0, 2 * Segment), Read(file, 0, 2 * Segment));

        Assert.Equal([0, 1, 1], _fetched.Order());
        Assert.Equal(SegmentOf(1), File.ReadAllBytes(path));
    }

    /// <summary>A file in its turn may be larger than all that is kept.</summary>
    [Fact]
    public void More_than_the_cache_keeps_can_be_read_and_no_more_is_kept()
    {
        using var file = Open(new BlobCache(_folder) { MaxBytes = 2 * Segment, MaxBlobBytes = Segment });

        for (int pass = 0; pass < 2; pass++)
        {
            for (int i = 0; i < 6; i++) Assert.Equal(SegmentOf(i), Read(file, i * Segment, Segment));
            Assert.Equal(2, Directory.GetFiles(_folder).Length);
        }

        Assert.Equal(12, _fetched.Count);
    }

    [Fact]
    public void A_segment_that_cannot_be_had_is_this_machines_trouble_and_names_the_file()
    {
        using var file = Open(new BlobCache(_folder), blob => throw new BlobException("The coordinator is gone."));

        var error = Assert.Throws<MachineException>(() => Read(file, 0, Block));

        Assert.Equal("data.npy: The coordinator is gone.", error.Message);
    }

    [Fact]
    public void A_cache_that_spoils_whatever_it_gets_is_given_up()
    {
        var cache = new BlobCache(_folder);
        using var file = Open(cache, blob =>
        {
            var segment = Put(cache, blob);
            File.WriteAllBytes(segment.Path, new byte[Segment]);
            return segment;
        });

        Assert.Contains("have changed since the file was hashed", Assert.Throws<MachineException>(() => Read(file, 0, Block)).Message, StringComparison.Ordinal);
        Assert.Equal(3, _fetched.Count);
    }

    [Fact]
    public void Who_gives_up_is_told_so()
    {
        using var file = Open(new BlobCache(_folder), blob => throw new OperationCanceledException());

        Assert.Throws<OperationCanceledException>(() => Read(file, 0, 5 * Segment));
    }

    [Theory, InlineData(0, 0), InlineData(-1, 32), InlineData(Segment + 1, 32), InlineData(Segment, 64), InlineData(5, 31)]
    public void A_list_that_is_too_long_or_too_short_is_none(long length, int bytes) =>
        Assert.Throws<ArgumentException>(() => new SegmentHashes(length, new byte[bytes]));

    private SegmentedFile Open(BlobCache cache, Func<BlobReference, HashedFile>? fetch = null) =>
        new("data.npy", BlobId.Of(_content), _segments, cache, blob => Task.FromResult((fetch ?? (one => Put(cache, one)))(blob)));

    private HashedFile Put(BlobCache cache, BlobReference blob)
    {
        int segment = Enumerable.Range(0, 7).First(i => NameOf(i) == blob.Id.ToString());
        lock (_fetched)
        {
            _fetched.Add(segment);
            var (path, stream) = cache.Begin();
            using (stream) stream.Write(SegmentOf(segment));
            using var hashes = new ContentHashes.Builder();
            hashes.Append(SegmentOf(segment));
            Assert.Equal(blob.Length, hashes.Length);
            return cache.Finish(path, hashes.Finish());
        }
    }

    private byte[] Part(int start, int length) => _content.AsSpan(start, length).ToArray();

    private byte[] SegmentOf(int i) => _content[(i * Segment)..Math.Min((i + 1) * Segment, _content.Length)];

    private string NameOf(int i) => BlobId.OfHash(_segments[i]).ToString();

    private static byte[] Read(HashedFile file, int start, int length)
    {
        byte[] bytes = new byte[length];
        file.ReadBlocks(start / Block, bytes);
        return bytes;
    }
}
