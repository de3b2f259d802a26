using ActorHutch.Fakes;

namespace ActorHutch.Coordinator.Tests.CommandLine;

/// <summary>
/// Files that change while a job runs on them: the trace is that of what the job's hashes name, or there is none; and a
/// state directory holds nothing else.
/// </summary>
public sealed class ChangedInputTests : IDisposable
{
    private const long HalfWay = 150;

    /// <summary>Samples of a kilobyte and more, so that micro-batches lie in several blocks of their file.</summary>
    private readonly ModelFiles _files = new(inputs: 1000);
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _files.Dispose();
        _folder.Dispose();
    }

    private string[] Job(int workers = 1) =>
    [
        "estimate", .. _files.Options, "--probes", "300", "--v-batch", "10", "--micro-batch", "9", "--device", "cpu", "--json",
        "--workers", $"{workers}",
    ];

    [Theory]
    [InlineData(1, "overwritten")]
    [InlineData(3, "overwritten")]
    [InlineData(1, "cut")]
    public async Task Data_that_change_half_way_end_the_job_and_the_state_directory_goes_on_from_what_was_right(int workers, string how)
    {
        var whole = await Invocation.Of(new WatchedReplicaFactory(), Job());
        Assert.Equal(0, whole.Code);
        string data = _files.PathOf("data.safetensors");
        byte[] right = await File.ReadAllBytesAsync(data, TestContext.Current.CancellationToken);
        string[] job = [.. Job(workers), "--state", _folder.File("state")];
        int once = 0;
        var run = await Invocation.Of(
            new WatchedReplicaFactory
            {
                OnEvaluate = first =>
                {
                    if (first < HalfWay || Interlocked.Exchange(ref once, 1) != 0) return;
                    if (how == "overwritten") Overwrite(data);
                    else File.WriteAllBytes(data, right[..^1000]);
                },
            },
            job);

        Assert.Equal((2, ""), (run.Code, run.Out));
        // On a slow machine it says how far it is, too.
        string error = Assert.Single(run.ErrorLines, line => !line.Contains(" probes, ", StringComparison.Ordinal));
        Assert.StartsWith($"{data}: {(how == "cut" ? "it ends at byte" : "bytes ")}", error, StringComparison.Ordinal);
        Assert.EndsWith("The files of a job must stay as they are until it ends.", error, StringComparison.Ordinal);

        // Its hash is another one now, and the directory knows.
        var other = await Invocation.Of(new WatchedReplicaFactory(), job);
        Assert.Equal((2, ""), (other.Code, other.Out));

        await File.WriteAllBytesAsync(data, right, TestContext.Current.CancellationToken);
        var resumed = await Invocation.Of(new WatchedReplicaFactory(), job);
        Assert.True(resumed.Code == 0, resumed.Error);
        Assert.Contains("chunks were in the state directory", resumed.Error, StringComparison.Ordinal);
        Assert.Equal(Bits(whole), Bits(resumed));
    }

    [Theory]
    [InlineData("model.json")]
    [InlineData("weights.safetensors")]
    [InlineData("data.safetensors")]
    public async Task A_file_that_is_overwritten_before_it_is_read_ends_the_job(string name)
    {
        string file = _files.PathOf(name);

        var run = await Invocation.Of(new WatchedReplicaFactory { OnCreate = () => Overwrite(file) }, Job());

        Assert.Equal((2, ""), (run.Code, run.Out));
        Assert.Contains($"{file}: bytes 0 to ", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model.json", false)]
    [InlineData("weights.safetensors", false)]
    [InlineData("weights.safetensors", true)]
    [InlineData("data.safetensors", false)]
    [InlineData("data.safetensors", true)]
    public async Task A_file_that_another_one_takes_the_place_of_is_computed_with_as_it_was(string name, bool halfWay)
    {
        var whole = await Invocation.Of(new WatchedReplicaFactory(), Job());
        string file = _files.PathOf(name);
        string hash = whole.Json.GetProperty("job").GetProperty(HashField(name)).GetString()!;
        void Replace()
        {
            string other = _folder.File("other");
            File.WriteAllBytes(other, File.ReadAllBytes(file));
            Overwrite(other);
            File.SetLastWriteTimeUtc(other, DateTime.UtcNow.AddMinutes(1));
            File.Move(other, file, overwrite: true);
        }

        int once = 0;
        var run = await Invocation.Of(
            new WatchedReplicaFactory
            {
                OnCreate = halfWay ? null : Replace,
                OnEvaluate = first =>
                {
                    if (halfWay && first >= HalfWay && Interlocked.Exchange(ref once, 1) == 0) Replace();
                },
            },
            Job());

        Assert.True(run.Code == 0, run.Error);
        Assert.Equal(Bits(whole), Bits(run));
        Assert.Contains(
            $"{file} was changed or replaced while the job ran. The result is for its content before that, with SHA-256 {hash}",
            run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_compares_several_jobs_ends_with_the_code_of_bad_input_too()
    {
        string data = _files.PathOf("data.safetensors");
        int forms = 0;
        var run = await Invocation.Of(
            new WatchedReplicaFactory
            {
                OnEvaluate = first =>
                {
                    // The first job's warm-up and chunks are done.
                    if (first == 0 && Interlocked.Increment(ref forms) == 6) Overwrite(data);
                },
            },
            ["compare", .. _files.Options, "--probes", "20", "--micro-batch", "9", "--device", "cpu", "--workers", "1"]);

        Assert.Equal(2, run.Code);
        Assert.Contains($"{data}: bytes ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_check_reads_what_was_hashed_too()
    {
        string weights = _files.PathOf("weights.safetensors");

        var run = await Invocation.Of(
            new WatchedReplicaFactory { OnCreate = () => Overwrite(weights) },
            ["check", await Expected(), .. _files.Options, "--device", "cpu"]);

        Assert.Equal(2, run.Code);
        Assert.Contains($"{weights}: bytes 0 to ", run.Error, StringComparison.Ordinal);
    }

    private async Task<string> Expected()
    {
        string expected = _folder.File("check.json");
        await File.WriteAllTextAsync(
            expected, """{ "loss": 1, "quadratic_form": 1, "quadraticForm": 1, "probe": "probe.safetensors" }""", TestContext.Current.CancellationToken);
        File.Copy(_files.PathOf("weights.safetensors"), _folder.File("probe.safetensors"));
        return expected;
    }

    /// <summary>Other content in every block, in the same file, with its length and its time as they were.</summary>
    private static void Overwrite(string path)
    {
        var written = File.GetLastWriteTimeUtc(path);
        byte[] bytes = File.ReadAllBytes(path);
        for (int i = bytes.Length - 1; i >= 0; i -= 1000) bytes[i] ^= 1;
        // Another worker may read meanwhile, and must not find it empty.
        using (var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) RandomAccess.Write(file, bytes, 0);
        File.SetLastWriteTimeUtc(path, written);
    }

    private static string HashField(string name) => name.Split('.')[0] + "Sha256";

    private static string[] Bits(Invocation run) =>
        [.. new[] { "trace", "standardError", "confidence", "blocks", "probes" }.Select(name => run.Json.GetProperty(name).GetRawText())];
}
