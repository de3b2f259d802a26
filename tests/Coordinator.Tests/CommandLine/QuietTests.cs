namespace ActorHutch.Coordinator.Tests.CommandLine;

/// <summary><c>--quiet</c>: the result alone.</summary>
public class QuietTests
{
    [Fact]
    public async Task An_estimate_is_its_trace_and_what_is_known_of_it()
    {
        var run = await Invocation.Of("--quiet", "--workers", "2");

        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.Equal(["trace", "95", "float32", "exact", "time"], Words(run));
    }

    [Fact]
    public async Task So_is_an_exact_trace()
    {
        Assert.Equal(["trace", "float32", "time"], Words(await Invocation.Of("exact", "-q")));
    }

    [Fact]
    public async Task A_comparison_is_its_table()
    {
        Assert.StartsWith("method ", (await Invocation.Of("compare", "--quiet", "--probes", "20")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_job_file_can_ask_for_it()
    {
        var printed = await Invocation.Of("--quiet", "--log-format", "json", "--print-job");

        Assert.True(printed.Json.GetProperty("quiet").GetBoolean());
        Assert.Equal("json", printed.Json.GetProperty("logFormat").GetString());
    }

    private static string[] Words(Invocation run) =>
        [.. run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimStart().Split(' ')[0])];
}
