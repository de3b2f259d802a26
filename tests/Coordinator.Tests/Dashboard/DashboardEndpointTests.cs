using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using ActorHutch.Coordinator.Dashboard;
using ActorHutch.Coordinator.Tests.Scheduling;
using ActorHutch.GpuWorker.Actors;
using ActorHutch.Metrics;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Metrics;

namespace ActorHutch.Coordinator.Tests.Dashboard;

/// <summary>The server of a job's page, without a browser.</summary>
public sealed partial class DashboardEndpointTests : IAsyncLifetime
{
    private readonly ManualTime _time = new();
    private readonly JobFeed _feed;
    private readonly JobMetrics _job;
    private readonly MetricsExporter _metrics;
    private readonly HttpClient _client = new();
    private readonly Schedule _schedule = Schedule.Begun(null, Schedule.A, Schedule.B);
    private int _merged;
    private DashboardEndpoint? _endpoint;

    public DashboardEndpointTests()
    {
        _feed = new JobFeed(Looks.Job, _time);
        _job = new JobMetrics(_feed);
        _metrics = new MetricsExporter(_job.Meter, WorkerMetrics.Meter);
    }

    public async ValueTask InitializeAsync()
    {
        _endpoint = await DashboardEndpoint.StartAsync(new HostPort("127.0.0.1", 0), _feed, _metrics, _time);
        _client.BaseAddress = new Uri(_endpoint.Url);
    }

    public async ValueTask DisposeAsync()
    {
        await _feed.DisposeAsync();
        await _endpoint!.DisposeAsync();
        _metrics.Dispose();
        _job.Dispose();
        _client.Dispose();
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("PATCH")]
    [InlineData("OPTIONS")]
    [InlineData("HEAD")]
    public async Task It_shows_and_does_not_steer(string method)
    {
        foreach (string path in (string[])["", "events", "metrics", "nothing"])
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            using var answer = await _client.SendAsync(request);
            Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
            Assert.Equal("GET", answer.Content.Headers.Allow.Single());
        }
    }

    [Fact]
    public async Task The_page_is_one_document_that_may_do_nothing_but_what_it_has_to()
    {
        using var answer = await _client.GetAsync(new Uri("", UriKind.Relative));
        string page = await answer.Content.ReadAsStringAsync();

        Assert.Equal("text/html; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        Assert.Equal(
            $"default-src 'none'; script-src '{Hash(page, "script")}'; style-src '{Hash(page, "style")}'; img-src data:; "
            + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            answer.Headers.GetValues("Content-Security-Policy").Single());
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("no-referrer", answer.Headers.GetValues("Referrer-Policy").Single());
        Assert.Equal("same-origin", answer.Headers.GetValues("Cross-Origin-Resource-Policy").Single());
        Assert.True(answer.Headers.CacheControl!.NoStore);
        Assert.False(answer.Headers.Contains("Server"));
        Assert.Empty(External().Matches(page).Select(match => match.Value));
        string markup = Inline().Replace(page, "");
        Assert.Empty(Handler().Matches(markup).Select(match => match.Value));
        Assert.DoesNotContain("innerHTML", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_there_is_not_found()
    {
        using var answer = await _client.GetAsync(new Uri("job", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Theory]
    [InlineData("evil.example:80", HttpStatusCode.MisdirectedRequest)]
    [InlineData("127.0.0.1.evil.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("localhost:8080", HttpStatusCode.OK)]
    [InlineData("[::1]:8080", HttpStatusCode.OK)]
    public async Task On_loopback_another_sites_name_is_not_answered(string host, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "") { Headers = { Host = host } };
        using var answer = await _client.SendAsync(request);
        Assert.Equal(expected, answer.StatusCode);
    }

    [Fact]
    public async Task A_page_gets_all_that_is_known_first_then_what_is_new_and_an_end()
    {
        Follow();
        _schedule.Asks(Schedule.A, 4).Delivers(Schedule.A, 0).Delivers(Schedule.A, 1);
        await PassAsync(merged: 2);
        await using var events = await ServerSentEvents.OpenAsync(new Uri(_client.BaseAddress!, "events"));

        var history = (await events.NextAsync())!.Value;
        Assert.Equal(("history", 0), (history.Name, history.Data.GetProperty("from").GetInt32()));
        Assert.Equal([10, 20], history.Data.GetProperty("points").EnumerateArray().Select(point => point[0].GetInt32()));
        var state = (await events.NextAsync())!.Value;
        Assert.Equal("state", state.Name);
        Assert.Equal(2, state.Data.GetProperty("chunks").GetProperty("done").GetInt32());

        _schedule.Delivers(Schedule.A, 2);
        await PassAsync(merged: 3);
        history = (await events.NextAsync())!.Value;
        Assert.Equal(("history", 2), (history.Name, history.Data.GetProperty("from").GetInt32()));
        Assert.Equal(30, history.Data.GetProperty("points").EnumerateArray().Single()[0].GetInt32());
        Assert.Equal(3, (await events.NextAsync())!.Value.Data.GetProperty("chunks").GetProperty("done").GetInt32());

        var result = Looks.Result(_schedule.Delivers(Schedule.A, 3).State);
        _feed.Finished(result);
        _feed.Ended(Looks.Report(result));
        (string Name, System.Text.Json.JsonElement Data) last = default;
        while (await events.NextAsync() is { } next) last = next;
        Assert.Equal("ended", last.Data.GetProperty("phase").GetString());
        Assert.Equal(result.Estimate!.Trace, last.Data.GetProperty("trace").GetProperty("trace").GetDouble());
    }

    [Fact]
    public async Task It_beats_while_nothing_changes()
    {
        await using var events = await ServerSentEvents.OpenAsync(new Uri(_client.BaseAddress!, "events"));
        Assert.Equal("history", (await events.NextAsync())!.Value.Name);
        Assert.Equal("state", (await events.NextAsync())!.Value.Name);

        var next = events.NextAsync();
        while (!next.IsCompleted)
        {
            _time.Pass(EventStream.BeatInterval);
            await Task.WhenAny(next, Task.Delay(10));
        }

        Assert.Equal("beat", (await next)!.Value.Name);
    }

    [Fact]
    public async Task More_pages_than_anybody_needs_are_sent_away()
    {
        var open = new List<ServerSentEvents>();
        for (int i = 0; i < DashboardEndpoint.MaxPages; i++)
        {
            open.Add(await ServerSentEvents.OpenAsync(new Uri(_client.BaseAddress!, "events")));
            await open[i].NextAsync();
        }

        using var answer = await _client.GetAsync(new Uri("events", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        foreach (var page in open) await page.DisposeAsync();
    }

    [Fact]
    public async Task Metrics_are_what_the_job_is_at()
    {
        Assert.DoesNotContain("actorhutch_chunks_completed_total", (await MetricsAsync()).Keys);
        Follow();
        _schedule.Asks(Schedule.A, 2).Happens(new Coordinator.Scheduling.WorkerLost(Schedule.A, "it stopped")).Asks(Schedule.B, 3).Delivers(Schedule.B, 0, 2);
        await PassAsync(merged: 1);

        var metrics = await MetricsAsync();

        Assert.Equal(1, metrics["actorhutch_chunks_completed_total"]);
        Assert.Equal(4, metrics["actorhutch_chunks_left"]);
        Assert.Equal(2, metrics["actorhutch_chunks_reissued_total"]);
        Assert.Equal(0, metrics["actorhutch_chunks_failed_total"]);
        Assert.Equal(10, metrics["actorhutch_probes_total"]);
        Assert.Equal(1, metrics["""actorhutch_workers{state="computing"}"""]);
        Assert.Equal(1, metrics["""actorhutch_workers{state="lost"}"""]);
        Assert.Equal(0, metrics["""actorhutch_workers{state="unreachable"}"""]);
        var estimate = Looks.At(_schedule.State, 1).Progress!.Estimate!;
        Assert.Equal(estimate.Trace, metrics["actorhutch_trace_estimate"]);
        Assert.Equal(estimate.StandardError, metrics["actorhutch_trace_standard_error"]);
    }

    private void Follow() => _feed.Follow(_ => Task.FromResult(Looks.At(_schedule.State, _merged)));

    private async Task<Dictionary<string, double>> MetricsAsync() =>
        PrometheusText.Read(await _client.GetStringAsync(new Uri("metrics", UriKind.Relative)));

    /// <summary>Lets time pass until there was a look.</summary>
    private async Task PassAsync(int merged)
    {
        _merged = merged;
        var before = _feed.Latest;
        while (_feed.Latest == before || _feed.Latest.Look.Points.Count < merged)
        {
            _time.Pass(JobFeed.WatchedInterval);
            await Task.Delay(10);
        }
    }

    private static string Hash(string page, string element)
    {
        string content = page.Split($"<{element}>")[1].Split($"</{element}>")[0];
        return "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(content)));
    }

    /// <summary>Anything that a browser would ask another machine for; names of XML's vocabularies are not asked for.</summary>
    [GeneratedRegex("""https?://(?!www\.w3\.org/)|(?<!:)//[a-z]+\.[a-z]|@import|url\((?!#)""")]
    private static partial Regex External();

    [GeneratedRegex("<(script|style)>.*?</\\1>", RegexOptions.Singleline)]
    private static partial Regex Inline();

    [GeneratedRegex("""\s(on[a-z]+|style)\s*=""")]
    private static partial Regex Handler();
}
