using ActorHutch.Process.Tests.Programs;

namespace ActorHutch.Process.Tests;

/// <summary>
/// Standard output and error that are full disks, or closed: a job ends as it would have, and a result that is not there
/// is an exit code.
/// </summary>
public sealed class StandardStreamsTests(LocalReference local) : IDisposable
{
    private const string Full = "No space left on device";

    private static readonly string[] Small = ["--probes", "200", "--workers", "1", "--device", "cpu"];

    private readonly string _folder = Directory.CreateTempSubdirectory("actorhutch-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("> /dev/full", Full)]
    [InlineData("> /dev/full", Full, "--json")]
    [InlineData("> /dev/full", Full, "--json", "--log-format", "json")]
    [InlineData("> /dev/full", Full, "--print-job")]
    [InlineData("> /dev/full", Full, "--help")]
    [InlineData(">&-", "it is closed")]
    [InlineData(">&- <&-", "it is closed", "--json")]
    public async Task A_result_that_cannot_be_written_is_an_exit_code_and_a_reason(string streams, string reason, params string[] arguments)
    {
        await using var run = Start(streams, [.. Small, .. arguments]);

        Assert.Equal(1, await run.ExitAsync());
        Assert.Single(run.Log, line => line.Contains($"The result could not be written to standard output: {reason}.", StringComparison.Ordinal));
        Assert.DoesNotContain(run.Log, line => line.Contains("   at ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("2> /dev/full")]
    [InlineData("2>&-")]
    [InlineData("2>&- <&-")]
    public async Task A_log_that_cannot_be_written_changes_nothing(string streams)
    {
        await using var run = Start(
            streams, [.. TestCluster.Job, "--workers", "1", "--device", "cpu", "--log-level", "debug", "--dashboard", "127.0.0.1:0"]);

        Assert.Equal(0, await run.ExitAsync());
        Assert.Equal(local.Bits, JobReport.Of(run).Bits);
    }

    [Theory]
    [InlineData("> /dev/full 2> /dev/full", 1)]
    [InlineData(">&- 2>&- <&-", 1)]
    [InlineData("2> /dev/full", 2, "--probes", "0")]
    [InlineData("2>&-", 2, "--probes", "0")]
    [InlineData("> /dev/full 2>&-", 2, "--probes", "0")]
    [InlineData("2> /dev/full", 2, "--no-such-option")]
    public async Task Where_nothing_can_be_said_the_exit_code_says_it(string streams, int code, params string[] arguments)
    {
        await using var run = Start(streams, [.. Small, .. arguments]);

        Assert.Equal(code, await run.ExitAsync());
    }

    [Fact]
    public async Task What_was_computed_is_kept_and_the_files_of_the_report_are_written()
    {
        string state = Path.Combine(_folder, "state"), report = Path.Combine(_folder, "out");
        string[] job = [.. Small, "--json", "--state", state];
        await using (var run = Start("> /dev/full", [.. job, "--out", report])) Assert.Equal(1, await run.ExitAsync());

        await using var again = Start("", job);
        Assert.Equal(0, await again.ExitAsync());

        Assert.True(File.Exists(Path.Combine(report, "report.html")));
        Assert.Contains(again.Log, line => line == "4 of 4 chunks were in the state directory.");
        Assert.Equal(200, JobReport.Of(again).Json.GetProperty("probes").GetInt64());
    }

    [Fact]
    public async Task Workers_are_told_that_the_job_is_done_though_its_result_could_not_be_written_and_their_logs_could_not_either()
    {
        await using var cluster = new TestCluster();
        await using var coordinator = Start("> /dev/full", [.. Small[..2], "--cluster", "--listen", cluster.Address]);
        await using var worker = Shell(
            "actorhutch-worker", "2> /dev/full", "--seed-nodes", cluster.Address, "--device", "cpu", "--log-level", "debug", "--until-job-done");

        Assert.Equal(1, await coordinator.ExitAsync());
        Assert.Equal(0, await worker.ExitAsync());
    }

    private static ProgramRun Start(string streams, params string[] arguments) => Shell("actorhutch", streams, arguments);

    private static ProgramRun Shell(string program, string streams, params string[] arguments)
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "There is no /dev/full.");
        return ProgramRun.StartFile("sh", ["-c", $"exec \"$0\" \"$@\" {streams}", ProgramRun.PathOf(program), .. arguments]);
    }
}
