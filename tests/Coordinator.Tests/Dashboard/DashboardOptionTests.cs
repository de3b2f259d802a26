using System.Text.Json;
using System.Text.RegularExpressions;
using ActorHutch.Coordinator.CommandLine;
using ActorHutch.Coordinator.Tests.CommandLine;
using ActorHutch.Fakes;

namespace ActorHutch.Coordinator.Tests.Dashboard;

/// <summary>The option <c>--dashboard</c>: what it needs, and what a run with it is.</summary>
public sealed partial class DashboardOptionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("--dashboard 0.0.0.0:8080")]
    [InlineData("exact --dashboard node-1:8080")]
    [InlineData("--cluster --dashboard [::]:8080")]
    public async Task Another_machine_may_look_only_where_that_is_said(string line)
    {
        var run = await Invocation.Of(line.Split(' '));

        Assert.Equal((2, ""), (run.Code, run.Out));
        Assert.StartsWith("--dashboard ", run.ErrorLines[0]);
        Assert.EndsWith(
            ": must be on loopback (127.0.0.1), or have --insecure: then everyone who can connect to the port can read the job's progress, "
            + "its model's name, its blocks and its workers, but can change nothing.",
            run.ErrorLines[0]);
        Assert.Equal(0, (await Invocation.Of([.. line.Split(' '), "--insecure", "--print-job"])).Code);
    }

    [Fact]
    public async Task Where_there_are_certificates_the_page_stays_on_this_machine()
    {
        var run = await Invocation.Of("--cluster", "--dashboard", "0.0.0.0:8080", "--tls-cert", "a", "--tls-key", "b", "--tls-ca", "c");

        Assert.Contains(run.ErrorLines, line => line.Contains("must be on loopback (127.0.0.1) where there is --tls-cert", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_job_file_says_it_too()
    {
        string file = _folder.Write("job.json", """{ "dashboard": "0.0.0.0:8080", "insecure": true }""");
        var printed = await Invocation.Of("--job", file, "--print-job");
        Assert.Equal((0, "0.0.0.0:8080", ""), (printed.Code, printed.Json.GetProperty("dashboard").GetString(), printed.Error));

        string open = _folder.Write("open.json", """{ "dashboard": "0.0.0.0:8080" }""");
        Assert.StartsWith($"{open}: dashboard 0.0.0.0:8080: must be on loopback", (await Invocation.Of("--job", open)).ErrorLines[0]);

        string useless = _folder.Write("useless.json", """{ "insecure": true }""");
        Assert.Contains("insecure has no meaning", (await Invocation.Of("--job", useless)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_comparison_has_no_page()
    {
        var run = await Invocation.Of("compare", "--dashboard", "127.0.0.1:0");

        Assert.Equal((2, "Unrecognized command or argument '--dashboard'."), (run.Code, run.ErrorLines[0]));
        string file = _folder.Write("job.json", """{ "dashboard": "127.0.0.1:0", "probes": 10 }""");
        Assert.DoesNotContain("The dashboard is at", (await Invocation.Of("compare", "--job", file)).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("estimate")]
    [InlineData("exact")]
    public async Task Looking_at_a_job_changes_nothing_and_shows_what_the_report_says(string command)
    {
        using var goOn = new ManualResetEventSlim();
        var factory = new FakeReplicaFactory { OnEvaluate = (first, _, cancellation) => { if (first > 0) goOn.Wait(TimeSpan.FromMinutes(1), cancellation); }, BasisCount = 80 };
        string[] arguments = [command, "--v-batch", "10", "--workers", "2", "--json"];
        using var output = new StringWriter();
        using var error = new StringWriter();
        var synchronized = TextWriter.Synchronized(error);
        var run = new ActorHutchCommand(new Terminal(output, synchronized), factory)
            .RunAsync([.. arguments, "--dashboard", "127.0.0.1:0"], TestContext.Current.CancellationToken);
        string Said()
        {
            // What a synchronized writer locks is itself.
            lock (synchronized) return error.ToString();
        }

        while (!Url().IsMatch(Said()) && !run.IsCompleted) await Task.Delay(10);
        var url = Url().Match(Said());

        await using var events = await ServerSentEvents.OpenAsync(new Uri(url.Value + "events"));
        var states = new List<JsonElement>();
        while (await events.NextAsync() is { } next)
        {
            if (next.Name != "state") continue;
            states.Add(next.Data);
            if (next.Data.GetProperty("chunks").GetProperty("done").GetInt32() > 0) goOn.Set();
        }

        Assert.Equal(0, await run);
        var report = JsonDocument.Parse(output.ToString()).RootElement;
        var plain = (await Invocation.Of(new FakeReplicaFactory { BasisCount = 80 }, arguments)).Json;
        foreach (string field in (string[])["trace", "standardError", "confidence", "exactTrace", "probes", "blocks"])
            Assert.Equal(plain.GetProperty(field).GetRawText(), report.GetProperty(field).GetRawText());
        var last = states[^1];
        Assert.Contains(states, state => state.GetProperty("phase").GetString() == "running");
        Assert.Equal("ended", last.GetProperty("phase").GetString());
        Assert.Equal(report.GetProperty("trace").GetRawText(), last.GetProperty("trace").GetProperty("trace").GetRawText());
        Assert.Equal(report.GetProperty("standardError").GetRawText(), last.GetProperty("trace").GetProperty("standardError").GetRawText());
        Assert.Equal(report.GetProperty("exactTrace").GetRawText(), last.GetProperty("exactTrace").GetRawText());
        Assert.Equal(report.GetProperty("probes").GetInt64(), last.GetProperty("progress").GetProperty("probes").GetInt64());
    }

    [GeneratedRegex(@"(?<=The dashboard is at )http://127\.0\.0\.1:[0-9]+/")]
    private static partial Regex Url();
}
