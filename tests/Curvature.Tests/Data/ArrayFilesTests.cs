using ActorHutch.Curvature.Data;

namespace ActorHutch.Curvature.Tests.Data;

/// <summary>What is no file of arrays is told by its first bytes, in one message.</summary>
public sealed class ArrayFilesTests : DataFolder
{
    private static readonly byte[] Idx = Written.Idx(8, [2], [1, 2]);

    [Fact]
    public void The_name_does_not_matter()
    {
        string path = Write("strange.png", Idx);
        Assert.Equal([1, 2], Reading.Only(path, [2], Element.All["U8"].Dtype));
    }

    [Fact]
    public void A_link_is_followed()
    {
        Write("a", Idx);
        File.CreateSymbolicLink(Path("link"), Path("a"));
        Assert.Equal([1, 2], Reading.Only(Path("link"), [2], Element.All["U8"].Dtype));
    }

    [Fact]
    public void No_file() => Reading.Rejects(Path("nothing.npy"), "there is no such file");

    [Fact]
    public void No_name() => Rejected.Saying("No file is named", () => ArrayFiles.Open(""));

    [Fact]
    public void A_directory()
    {
        Directory.CreateDirectory(Path("folder"));
        Reading.Rejects(Path("folder"), "this is a directory");
    }

    [Fact]
    public void An_empty_file() => Reading.Rejects(Write("a", []), "the file is empty");

    [Fact]
    public void A_device_that_never_ends()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "There is no /dev/zero.");
        Reading.Rejects("/dev/zero", "empty, or not a regular file");
    }

    [Fact]
    public void A_file_that_may_not_be_read()
    {
        Assert.SkipWhen(Environment.IsPrivilegedProcess, "This user may read everything.");
        if (OperatingSystem.IsWindows()) return;
        string path = Write("a", Idx);
        File.SetUnixFileMode(path, UnixFileMode.None);
        Reading.Rejects(path, "cannot be read");
    }

    [Fact]
    public void A_file_that_another_program_holds()
    {
        string path = Write("a", Idx);
        using var held = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Reading.Rejects(path, "cannot be read");
    }

    [Theory]
    [InlineData("x,y,label\n1,2,0\n", "the text \"x,y,label\"")]
    [InlineData("12345678{\"a\":", "the text \"12345678{\"")]
    [InlineData("\u0089HDF\r\n", "HDF5")]
    [InlineData("\u0080\u0002}q", "a Python pickle")]
    [InlineData("PAR1....", "Parquet")]
    [InlineData("\u0001\u0002\u0003\u0004", "the bytes 01 02 03 04")]
    public void Another_format(string content, string found) => Reading.Rejects(
        Write("a", System.Text.Encoding.Latin1.GetBytes(content)), found, ArrayFiles.Formats);

    [Fact]
    public void A_gzip_file_of_something_else() => Reading.Rejects(
        Write("a.gz", Written.Gzip("hello, world"u8.ToArray())), "neither IDX nor .npy", "the text \"hello, wo\"");

    [Fact]
    public void A_gzip_file_of_nothing() => Reading.Rejects(
        Write("a.gz", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]), "starts with nothing");

    [Fact]
    public void A_file_that_shrinks_while_it_is_read()
    {
        string path = Write("a", Written.Idx(8, [1000], new byte[1000]));
        using var file = ArrayFiles.Open(path);
        using (var other = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) other.SetLength(500);
        Rejected.Saying("ends at byte 500 now", () => file.Arrays[0].Read());
    }

    [Fact]
    public void A_closed_file_reads_nothing()
    {
        var file = ArrayFiles.Open(Write("a", Idx));
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.Arrays[0].Read());
    }
}
