using System.IO.Compression;
using ActorHutch.Curvature.Data;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Data;

/// <summary>NumPy's format of several arrays.</summary>
public sealed class NpzTests : DataFolder
{
    private static readonly Element Float32 = Element.All["F32"];
    private static readonly byte[] Six = Written.Npy(Float32, [3, 2], Float32.Values);
    private static readonly byte[] Labels = Written.Npy(Element.All["I64"], [3], [4, 5, 6]);

    [Theory]
    [InlineData(CompressionLevel.NoCompression)]
    [InlineData(CompressionLevel.Optimal)]
    public void As_the_system_s_library_writes_it(CompressionLevel level)
    {
        using (var zip = new ZipArchive(File.Create(Path("a.npz")), ZipArchiveMode.Create))
        {
            foreach (var (name, content) in new[] { ("inputs.npy", Six), ("targets.npy", Labels), ("notes.txt", [1, 2]) })
            {
                using var entry = zip.CreateEntry(name, level).Open();
                entry.Write(content);
            }
        }

        HasBoth(Path("a.npz"));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(0, true)]
    [InlineData(8, false)]
    [InlineData(8, true)]
    public void Stored_or_deflated_with_lengths_of_32_or_64_bits(int method, bool large)
    {
        var zip = new WrittenZip { Large = large };
        zip.Add("inputs.npy", Six, method);
        zip.Add("targets.npy", Labels, method);

        HasBoth(Write("a.npz", zip.Bytes(comment: "a comment")));
    }

    /// <summary>A folder of macOS beside the arrays, as its Finder and ditto write it: 0x00051607 and more, which is no .npy.</summary>
    [Fact]
    public void What_macOS_adds_is_no_array()
    {
        byte[] appleDouble = [0, 5, 0x16, 7, 0, 2, 0, 0, .. "Mac OS X        "u8];
        string path = Write("a.npz", WrittenZip.Stored(
            ("inputs.npy", Six), ("__MACOSX/._inputs.npy", appleDouble), ("targets.npy", Labels), ("__MACOSX/._targets.npy", appleDouble)));

        HasBoth(path);
        Reading.Rejects(
            Write("b.npz", WrittenZip.Stored(("__MACOSX/._a.npy", appleDouble))), "no .npy file, but __MACOSX/._a.npy");
    }

    [Fact]
    public void Rows_of_a_member()
    {
        foreach (int method in new[] { 0, 8 })
        {
            var zip = new WrittenZip();
            zip.Add("a.npy", Six, method);
            using var file = ArrayFiles.Open(Write($"{method}.npz", zip.Bytes()));
            Assert.Equal(Float32.Values[2..4], Reading.Numbers(file.Arrays[0].Read(1, 1)));
        }
    }

    [Fact]
    public void A_member_that_unpacks_to_more_than_it_declares() =>
        Reading.Rejects(Packed(WrittenZip.Deflate([.. Six, 0])), "array a", "unpacks to more than the 152 bytes");

    [Fact]
    public void A_member_that_unpacks_to_less() =>
        Reading.Rejects(Packed(WrittenZip.Deflate(Six[..^1])), "array a", "unpacks to 151 bytes", "declares 152");

    [Fact]
    public void A_member_that_is_no_deflate() =>
        Reading.Rejects(Packed([.. Enumerable.Repeat((byte)0xFF, 100)]), "array a", "cannot be unpacked");

    [Fact]
    public void A_checksum_that_differs()
    {
        var zip = new WrittenZip();
        zip.Add("a.npy", Six, method: 8, checksum: 1);
        Reading.Rejects(Write("a.npz", zip.Bytes()), "array a", "should be 00000001: the data are damaged");
    }

    [Fact]
    public void An_array_of_another_length_than_its_member()
    {
        var zip = new WrittenZip();
        zip.Add("a.npy", Six[..^4], method: 8);
        Reading.Rejects(Write("a.npz", zip.Bytes()), "array a", "declares 152 bytes", "there are 148");
        Reading.Rejects(Write("b.npz", WrittenZip.Stored(("a.npy", [.. Six, 1]))), "array a", "1 bytes too many");
    }

    [Fact]
    public void An_array_of_more_than_its_packed_bytes_can_hold()
    {
        byte[] huge = Written.Npy("<f4", [1L << 40], new byte[100]);
        var zip = new WrittenZip { Large = true, Length = 128 + (4L << 40) };
        zip.Add("a.npy", huge, method: 8);
        Reading.Rejects(Write("a.npz", zip.Bytes()), "array a", "declares 4398046511232 bytes", "packed bytes can hold");
    }

    [Fact]
    public void An_encrypted_member()
    {
        var zip = new WrittenZip { Flags = 1 };
        zip.Add("a.npy", Six);
        Reading.Rejects(Write("a.npz", zip.Bytes()), "array a", "encrypted");
    }

    [Fact]
    public void Another_method()
    {
        var zip = new WrittenZip();
        zip.Add("a.npy", Six, method: 12);
        Reading.Rejects(Write("a.npz", zip.Bytes()), "array a", "method 12", "8 (deflated)");
    }

    [Fact]
    public void A_member_that_is_no_array() =>
        Reading.Rejects(Write("a.npz", WrittenZip.Stored(("a.npy", "plain text"u8.ToArray()))), "array a", "\"plain tex\"");

    [Fact]
    public void Two_members_of_one_name() =>
        Reading.Rejects(Write("a.npz", WrittenZip.Stored(("a.npy", Six), ("a.npy", Labels))), "two members a.npy");

    [Fact]
    public void Members_that_share_their_bytes()
    {
        var zip = new WrittenZip { Offset = 0 };
        zip.Add("a.npy", Six);
        zip.Add("b.npy", Six);
        Reading.Rejects(Write("a.npz", zip.Bytes()), "member a.npy overlaps b.npy");
    }

    [Fact]
    public void A_member_past_the_end()
    {
        var far = new WrittenZip { Offset = 1 << 30 };
        far.Add("a.npy", Six);
        Reading.Rejects(Write("a.npz", far.Bytes()), "member a.npy should be at byte 1073741824");

        var wide = new WrittenZip { Length = 1 << 30 };
        wide.Add("a.npy", Six);
        Reading.Rejects(Write("b.npz", wide.Bytes()), "member a.npy should be at byte 0, with 1073741824 bytes");
    }

    [Fact]
    public void A_file_that_is_cut_off()
    {
        byte[] bytes = WrittenZip.Stored(("a.npy", Six));
        Reading.Rejects(Write("a.npz", bytes[..^1]), "no directory at its end", "cut off");
    }

    [Fact]
    public void A_directory_that_does_not_fit()
    {
        byte[] bytes = WrittenZip.Stored(("a.npy", Six));
        bytes[^11] = 9;
        Reading.Rejects(Write("a.npz", bytes), "does not fit into the file");
    }

    [Fact]
    public void No_arrays()
    {
        Reading.Rejects(Write("a.npz", WrittenZip.Stored()), "this zip file is empty");
        Reading.Rejects(Write("b.npz", WrittenZip.Stored(("a.txt", Six))), "no .npy file, but a.txt");
    }

    /// <summary>A member that should unpack to six numbers.</summary>
    private string Packed(byte[] packed)
    {
        var zip = new WrittenZip();
        zip.Add("a.npy", Six, method: 8, packed: packed);
        return Write("a.npz", zip.Bytes());
    }

    private static void HasBoth(string path)
    {
        using var file = ArrayFiles.Open(path);
        Assert.Equal(["inputs", "targets"], file.Arrays.Select(array => array.Name));
        Assert.Equal([ScalarType.Float32, ScalarType.Int64], file.Arrays.Select(array => array.Dtype));
        Assert.Equal([3, 2], file.Arrays[0].Shape);
        Assert.Equal(Float32.Values, Reading.Numbers(file.Arrays[0].Read()));
        Assert.Equal([4, 5, 6], Reading.Numbers(file.Arrays[1].Read()));
    }
}
