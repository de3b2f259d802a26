using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Fakes;

namespace ActorHutch.Coordinator.Tests.CommandLine;

/// <summary>
/// What is given as a file and is none: every option that takes one says so at once, where opening it would wait, or read,
/// for ever.
/// </summary>
public sealed class InputFileTests : IDisposable
{
    /// <summary>Nothing comes near it: it ends a test that would hang.</summary>
    private static readonly TimeSpan Hangs = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Options =>
        [.. JobOptions.All.Where(entry => entry.Format.Symbol == "FILE").Select(entry => $"--{entry.Name}"), "check"];

    [Theory, MemberData(nameof(Options))]
    public async Task A_directory(string option) => await Refused(option, _folder.Path, "this is a directory; name a file in it");

    [Theory, MemberData(nameof(Options))]
    public async Task A_pipe(string option) =>
        await Refused(option, NamedPipe.MakeOrSkip(_folder.File("pipe")), "the file is empty, or not a regular file, but a pipe or a device");

    [Theory, MemberData(nameof(Options))]
    public async Task A_device_that_never_ends(string option)
    {
        Assert.SkipUnless(File.Exists("/dev/zero"), "There is no /dev/zero.");
        await Refused(option, "/dev/zero", "the file is empty, or not a regular file, but a pipe or a device");
    }

    [Theory, MemberData(nameof(Options))]
    public async Task A_link_to_a_pipe(string option)
    {
        File.CreateSymbolicLink(_folder.File("link"), NamedPipe.MakeOrSkip(_folder.File("pipe")));

        await Refused(option, _folder.File("link"), "the file is empty, or not a regular file, but a pipe or a device");
    }

    [Theory]
    [InlineData("--job", (16 << 20) + 1L, "it has 16,777,217 bytes, and at most 16,777,216 are read")]
    [InlineData("--tls-cert", (1 << 20) + 1L, "it has 1,048,577 bytes, and at most 1,048,576 are read")]
    [InlineData("--tls-key", 1L << 40, "it has 1,099,511,627,776 bytes, and at most 1,048,576 are read")]
    [InlineData("--tls-ca", 1L << 40, "it has 1,099,511,627,776 bytes, and at most 1,048,576 are read")]
    [InlineData("check", 1L << 40, "it has 1,099,511,627,776 bytes, and at most 1,048,576 are read")]
    public async Task A_file_that_is_too_large_to_be_one(string option, long bytes, string words)
    {
        using (var file = File.Create(_folder.File("large"))) file.SetLength(bytes);

        await Refused(option, _folder.File("large"), words);
    }

    private static async Task Refused(string option, string path, string words)
    {
        string[] others = option.StartsWith("--tls-", StringComparison.Ordinal) ? ["--cluster"] : [];

        var run = await Task.Run(() => Invocation.Of([option, path, .. others])).WaitAsync(Hangs, TestContext.Current.CancellationToken);

        Assert.Equal((2, ""), (run.Code, run.Out));
        Assert.Contains(run.ErrorLines, line =>
            line.Contains(path, StringComparison.Ordinal) && line.Contains(words, StringComparison.Ordinal)
            && (option == "check" || line.StartsWith($"{option} {path}: must be a file that can be read", StringComparison.Ordinal)));
    }
}
