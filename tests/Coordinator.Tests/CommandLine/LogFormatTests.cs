using System.Text.Json;
using ActorHutch.Curvature;
using ActorHutch.Fakes;

namespace ActorHutch.Coordinator.Tests.CommandLine;

/// <summary><c>--log-format json</c>: every line of standard error is an object.</summary>
public class LogFormatTests
{
    [Fact]
    public async Task Each_line_is_an_object_that_says_when_what_and_of_whom()
    {
        var run = await Invocation.Of(
            "--json", "--log-format", "json", "--log-level", "debug", "--workers", "1", "--probes", "100", "--v-batch", "50");

        var lines = Lines(run);
        Assert.All(lines, line =>
        {
            Assert.True(line.GetProperty("@t").GetDateTime() > DateTime.UnixEpoch);
            Assert.NotEqual("", line.GetProperty("@m").GetString());
        });
        string job = Find(lines, "begins").GetProperty("Job").GetString()!;
        var registered = Find(lines, "registered");
        Assert.Equal(("worker-1", "cpu"), (registered.GetProperty("Worker").GetString(), registered.GetProperty("Device").GetString()));
        var done = Find(lines, "Chunk 1 of job");
        Assert.Equal(
            (job, "worker-1", 1, 1),
            (done.GetProperty("Job").GetString(), done.GetProperty("Worker").GetString(), done.GetProperty("Chunk").GetInt32(),
                done.GetProperty("Attempt").GetInt32()));
        Assert.Equal("Debug", done.GetProperty("@l").GetString());
        Assert.Equal("Completed", Find(lines, $"Job {job} ended").GetProperty("End").GetString());
        Assert.Equal("estimate", run.Json.GetProperty("kind").GetString());
    }

    [Fact]
    public async Task What_went_wrong_is_one_too()
    {
        var factory = new FakeReplicaFactory { OnEvaluate = Fail };

        var run = await Invocation.Of(factory, ["--log-format", "json", "--workers", "1", "--json"]);

        Assert.Equal(3, run.Code);
        var lines = Lines(run);
        Assert.Contains(lines, line => line.TryGetProperty("Attempt", out var attempt) && attempt.GetInt32() == 1);
        var end = Find(lines, "failed on worker-1 (3 times)");
        Assert.Equal("Error", end.GetProperty("@l").GetString());
        Assert.Contains("the device is gone", end.GetProperty("@m").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("warning", 0)]
    [InlineData("information", 12)]
    public async Task A_job_of_many_chunks_is_told_in_few_lines(string level, int most)
    {
        var run = await Invocation.Of("--json", "--log-level", level, "--workers", "1", "--probes", "5000", "--v-batch", "10");

        Assert.InRange(run.ErrorLines.Count, 0, most);
        Assert.DoesNotContain(run.ErrorLines, line => line.Contains("hunk 7 ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task For_people_a_line_is_its_time_its_level_and_what_happened_and_nothing_is_in_quotes()
    {
        var run = await Invocation.Of("--json", "--log-level", "information", "--workers", "1");

        Assert.All(run.ErrorLines, line => Assert.Matches("^[0-9:.]{12} (INF|WRN) [^\"]+$", line));
        Assert.Contains(run.ErrorLines, line => line.EndsWith("ended: Completed", StringComparison.Ordinal));
    }

    /// <summary>Coordinator and worker share a log here: what one of them says of a failure, the other need not.</summary>
    [Fact]
    public async Task A_failure_is_told_once_and_the_jobs_end_says_what_came_of_it()
    {
        string[] line = ["--log-level", "information", "--workers", "1", "--quiet"];

        var refused = await Invocation.Of(new FakeReplicaFactory { OnForm = _ => throw new CurvatureException("No rule for this layer.") }, line);
        var failed = await Invocation.Of(new FakeReplicaFactory { OnEvaluate = Fail }, line);

        string[] told = [.. refused.ErrorLines.Where(said => said.Contains("No rule", StringComparison.Ordinal))];
        Assert.Equal((1, 2), (told.Count(said => said.Contains(" INF Worker worker-1 cannot serve job ", StringComparison.Ordinal)), told.Length));
        // Three attempts, and the end.
        Assert.Equal(4, failed.ErrorLines.Count(said => said.Contains("the device is gone", StringComparison.Ordinal)));
    }

    private static void Fail(long firstProbe, int count, CancellationToken cancellation)
    {
        if (firstProbe == 100) throw new InvalidOperationException("the device is gone");
    }

    private static JsonElement[] Lines(Invocation run) =>
        [.. run.ErrorLines.Select(line => JsonDocument.Parse(line).RootElement)];

    private static JsonElement Find(JsonElement[] lines, string text) =>
        Assert.Single(lines.Where(line => line.GetProperty("@m").GetString()!.Contains(text, StringComparison.Ordinal)).Take(1));
}
