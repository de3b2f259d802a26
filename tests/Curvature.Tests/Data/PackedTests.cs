using System.IO.Compression;
using ActorHutch.Curvature.Data;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Data;

/// <summary>What is unpacked never takes more room than its header declares.</summary>
public sealed class PackedTests : DataFolder
{
    /// <summary>Large enough that it goes through a temporary file.</summary>
    private const int Large = 40 << 20;

    [Fact]
    public void A_bomb_is_left_where_its_header_ends()
    {
        string path = Bomb(Written.Idx(8, [1000], []), zeros: 1L << 30);
        Assert.InRange(new FileInfo(path).Length, 0, 2 << 20);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Reading.Rejects(path, "unpacks to more than the 1008 bytes");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 500_000);
    }

    [Fact]
    public void A_header_of_gigabytes_that_few_bytes_cannot_hold() => Reading.Rejects(
        Write("a.gz", Written.Gzip(Written.Idx(8, [uint.MaxValue], new byte[1000]))), "declares 4294967303", "can hold");

    [Fact]
    public void A_stream_that_is_cut_off()
    {
        byte[] data = new byte[100_000];
        new Random(1).NextBytes(data);
        byte[] bytes = Written.Gzip(Written.Idx(8, [100_000], data));
        Reading.Rejects(Write("a.gz", bytes[..50_000]), "unpack");
        Reading.Rejects(Write("b.gz", bytes[..5]), "starts with nothing");
    }

    [Fact]
    public void A_checksum_that_differs()
    {
        byte[] bytes = Written.Gzip(Written.Idx(8, [3], [1, 2, 3]));
        bytes[^8] ^= 1;
        Reading.Rejects(Write("a.gz", bytes), "cannot be unpacked");
    }

    [Fact]
    public void What_goes_through_a_temporary_file_is_the_same_and_leaves_none()
    {
        byte[] content = Written.Idx(8, [Large], new byte[Large]);
        for (int i = 8; i < content.Length; i += 4096) content[i] = (byte)(i >> 12);
        using var scope = NewDisposeScope();
        using var file = ArrayFiles.Open(Write("a.gz", Fast(content)));

        var last = file.Arrays[0].Read(Large - 5000, 5000);
        var all = file.Arrays[0].Read();

        Assert.True(content.AsSpan(8).SequenceEqual(all.bytes));
        Assert.True(content.AsSpan()[^5000..].SequenceEqual(last.bytes));
        Assert.Empty(Directory.GetFiles(System.IO.Path.GetTempPath(), "actorhutch-unpacked-*"));
    }

    private string Bomb(byte[] header, long zeros)
    {
        using var gzip = new GZipStream(File.Create(Path("bomb.gz")), CompressionLevel.Optimal);
        gzip.Write(header);
        byte[] piece = new byte[1 << 20];
        for (long i = 0; i < zeros; i += piece.Length) gzip.Write(piece);
        return Path("bomb.gz");
    }

    private static byte[] Fast(byte[] content)
    {
        using var memory = new MemoryStream();
        using (var gzip = new GZipStream(memory, CompressionLevel.Fastest)) gzip.Write(content);
        return memory.ToArray();
    }
}
