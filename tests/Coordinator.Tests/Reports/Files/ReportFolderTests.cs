using ActorHutch.Coordinator.Reports.Files;

namespace ActorHutch.Coordinator.Tests.Reports.Files;

public sealed class ReportFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_is_made_with_what_lies_above_it()
    {
        string path = _folder.File("a/b/c");

        ReportFolder.Open(path).Write([ReportFile.OfText("one.txt", "1")]);

        Assert.Equal("1", File.ReadAllText(Path.Combine(path, "one.txt")));
        Assert.Equal(["one.txt"], Names(path));
    }

    [Fact]
    public void A_report_that_is_there_is_written_over_and_nothing_else_is_touched()
    {
        _folder.Write("one.txt", "old and longer");
        _folder.Write("mine.txt", "mine");

        ReportFolder.Open(_folder.Path).Write([ReportFile.OfText("one.txt", "new"), ReportFile.OfText("two.txt", "2")]);

        Assert.Equal(["mine.txt", "one.txt", "two.txt"], Names(_folder.Path));
        Assert.Equal(("new", "mine"), (File.ReadAllText(_folder.File("one.txt")), File.ReadAllText(_folder.File("mine.txt"))));
    }

    [Fact]
    public void Where_one_file_cannot_be_written_none_is()
    {
        _folder.Write("one.txt", "old");

        var error = Assert.Throws<IOException>(() => ReportFolder.Open(_folder.Path).Write(
        [
            ReportFile.OfText("one.txt", "new"), new ReportFile("two.txt", _ => throw new IOException("No space left on device")),
        ]));

        Assert.Equal($"The report could not be written to {_folder.Path}: No space left on device", error.Message);
        Assert.Equal(["one.txt"], Names(_folder.Path));
        Assert.Equal("old", File.ReadAllText(_folder.File("one.txt")));
    }

    [Fact]
    public void A_file_in_its_place_is_told()
    {
        string path = _folder.Write("file", "");

        var error = Assert.Throws<ReportFolderException>(() => ReportFolder.Open(path));

        Assert.StartsWith($"--out {path}: must be a folder that can be written to: ", error.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<string?> Names(string path) => Directory.GetFiles(path).Select(Path.GetFileName).Order();
}
