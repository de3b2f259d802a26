using ActorHutch.Curvature.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Data;

/// <summary>Rows are read by themselves, from wherever the format has them.</summary>
public sealed class RowRangeTests : DataFolder
{
    private static readonly Element Int16 = Element.All["I16"];
    private static readonly double[] Values = [.. Enumerable.Range(0, 5 * 2 * 3).Select(i => (double)i)];
    private static readonly long[] Shape = [5, 2, 3];

    /// <summary>The numbers as they are stored so that an array in Fortran order is the same.</summary>
    private static readonly double[] FortranValues =
        [.. Enumerable.Range(0, 30).Select(i => Values[(i % 5 * 6) + (i / 5 % 2 * 3) + (i / 10)])];

    public static TheoryData<string> Formats => ["idx", "idx.gz", "npy", "big-endian npy", "Fortran npy", "npz", "safetensors"];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Every_range_is_the_one_of_the_whole(string format)
    {
        using var scope = NewDisposeScope();
        using var file = ArrayFiles.Open(Write("a", Bytes(format)));
        var array = file.Arrays[0];
        Assert.Equal(Values, Reading.Numbers(array.Read()));

        for (long first = 0; first <= 5; first++)
        {
            for (long count = 0; count <= 5 - first; count++)
            {
                var rows = array.Read(first, count);
                Assert.Equal([count, 2, 3], rows.shape);
                Assert.True(rows.is_contiguous());
                Assert.Equal(Values[(int)(6 * first)..(int)(6 * (first + count))], Reading.Numbers(rows));
            }
        }
    }

    [Fact]
    public void A_range_that_is_not_there()
    {
        using var file = ArrayFiles.Open(Write("a", Bytes("npy")));
        foreach (var (first, count) in new (long, long)[] { (-1, 1), (0, -1), (0, 6), (5, 1), (1, long.MaxValue) })
            Assert.Throws<ArgumentOutOfRangeException>(() => file.Arrays[0].Read(first, count));
    }

    /// <summary>More than the piece that is read at a time, of a type that is converted.</summary>
    [Theory]
    [InlineData("<u2")]
    [InlineData(">u2")]
    public void More_than_one_piece(string descriptor)
    {
        const int Count = 3_000_000;
        byte[] data = new byte[2 * Count];
        for (int i = 0; i < Count; i++)
        {
            data[(2 * i) + (descriptor[0] == '<' ? 0 : 1)] = (byte)i;
            data[(2 * i) + (descriptor[0] == '<' ? 1 : 0)] = (byte)(i >> 8);
        }

        using var file = ArrayFiles.Open(Write("a.npy", Written.Npy(descriptor, [Count], data)));
        using var numbers = file.Arrays[0].Read(1, Count - 1);

        var values = numbers.data<int>();
        Assert.Equal(Count - 1, values.Count);
        Assert.All(new[] { 0, 65534, 65535, (1 << 20) - 1, 1 << 20, Count - 2 }, i => Assert.Equal((i + 1) & 0xFFFF, values[i]));
        Assert.Equal(Enumerable.Range(1, Count - 1).Sum(i => (double)(i & 0xFFFF)), numbers.sum().ToDouble());
    }

    /// <summary>Three gigabytes, of which the disk holds none.</summary>
    [Fact]
    public void A_few_rows_of_a_large_file_take_no_more_memory_than_they_have()
    {
        const long Rows = 1_000_000;
        byte[] header = Written.Npy("<f4", [Rows, 784], []);
        string path = Path("large.npy");
        using (var writer = new FileStream(path, FileMode.CreateNew))
        {
            writer.Write(header);
            writer.SetLength(header.Length + (Rows * 784 * 4));
            writer.Position = header.Length + (4 * 784 * (Rows - 1));
            writer.Write(BitConverter.GetBytes(1.5f));
        }

        using var scope = NewDisposeScope();
        long before = GC.GetAllocatedBytesForCurrentThread();
        using var file = ArrayFiles.Open(path);
        using var rows = file.Arrays[0].Read(Rows - 2, 2);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
        Assert.Equal([2, 784], rows.shape);
        Assert.Equal(1.5f, rows[1, 0].item<float>());
        Assert.Equal(1.5f, rows.sum().item<float>());
    }

    private static byte[] Bytes(string format) => format switch
    {
        "idx" => Written.Idx(Int16, Shape, Values),
        "idx.gz" => Written.Gzip(Written.Idx(Int16, Shape, Values)),
        "npy" => Written.Npy(Int16, Shape, Values),
        "big-endian npy" => Written.Npy(">i2", Shape, Int16.Bytes(Values, bigEndian: true)),
        "Fortran npy" => Written.Npy("<i2", Shape, Int16.Bytes(FortranValues), fortran: true),
        "npz" => WrittenZip.Stored(("a.npy", Written.Npy(Int16, Shape, Values))),
        _ => Written.Safetensors(("a", Int16, Shape, Values), ("b", Int16, [1], [99])),
    };
}
