using System.Diagnostics.Metrics;
using System.Net;
using ActorHutch.Metrics;
using ActorHutch.Shared.Health;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Metrics;

namespace ActorHutch.Shared.Tests.Health;

/// <summary>A node's health and its metrics over HTTP.</summary>
public sealed class HealthEndpointTests
{
    [Fact]
    public async Task Metrics_are_where_health_is_and_nothing_can_be_sent_there()
    {
        using var meter = new Meter("ActorHutch.Test");
        using var exporter = new MetricsExporter(meter);
        meter.CreateCounter<long>("actorhutch.chunks", null, "Chunks.").Add(3);
        var health = new NodeHealth(NodeHealth.Member);
        int port = FreePort();
        await using var endpoint = await HealthEndpoint.StartAsync(new HostPort("127.0.0.1", port), health, exporter);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };

        using var metrics = await client.GetAsync(new Uri("/metrics", UriKind.Relative));
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", metrics.Content.Headers.ContentType!.ToString());
        Assert.Equal(3, PrometheusText.Read(await metrics.Content.ReadAsStringAsync())["actorhutch_chunks_total"]);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.GetAsync(new Uri("/healthz/ready", UriKind.Relative))).StatusCode);
        health.Set(NodeHealth.Member, true);
        Assert.Equal("ready\n", await client.GetStringAsync(new Uri("/healthz/ready", UriKind.Relative)));
        using var post = await client.PostAsync(new Uri("/healthz/live", UriKind.Relative), null);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, post.StatusCode);
    }

    [Theory]
    [InlineData("evil.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("127.0.0.1.evil.example:80", HttpStatusCode.MisdirectedRequest)]
    [InlineData("10.0.0.1", HttpStatusCode.MisdirectedRequest)]
    [InlineData("localhost:8080", HttpStatusCode.OK)]
    [InlineData("[::1]:8080", HttpStatusCode.OK)]
    [InlineData("127.0.0.1", HttpStatusCode.OK)]
    public async Task On_loopback_another_sites_name_is_not_answered(string host, HttpStatusCode expected)
    {
        using var meter = new Meter("ActorHutch.Test");
        using var exporter = new MetricsExporter(meter);
        int port = FreePort();
        await using var endpoint = await HealthEndpoint.StartAsync(new HostPort("127.0.0.1", port), new NodeHealth(), exporter);

        foreach (string path in (string[])["healthz/live", "healthz/ready", "metrics"])
            Assert.Equal(expected, (await AskAsync(port, path, host)).Status);
    }

    [Theory]
    [InlineData("0.0.0.0", false, HttpStatusCode.Forbidden)]
    [InlineData("0.0.0.0", true, HttpStatusCode.OK)]
    [InlineData("127.0.0.1", false, HttpStatusCode.OK)]
    public async Task Other_machines_are_told_that_it_lives_and_nothing_of_its_job_unless_that_is_asked_for(
        string address, bool metricsForOthers, HttpStatusCode ofMetrics)
    {
        using var meter = new Meter("ActorHutch.Test");
        using var exporter = new MetricsExporter(meter);
        meter.CreateCounter<long>("actorhutch.chunks", null, "Chunks.").Add(3);
        int port = FreePort();
        await using var endpoint = await HealthEndpoint.StartAsync(new HostPort(address, port), new NodeHealth(), exporter, metricsForOthers);

        // As the probes of a cluster ask, by an address.
        Assert.Equal((HttpStatusCode.OK, "live\n"), await AskAsync(port, "healthz/live", null));
        Assert.Equal((HttpStatusCode.OK, "ready\n"), await AskAsync(port, "healthz/ready", null));
        var (status, text) = await AskAsync(port, "metrics", null);
        Assert.Equal(ofMetrics, status);
        Assert.Equal(ofMetrics == HttpStatusCode.OK, text.Contains("actorhutch_chunks_total", StringComparison.Ordinal));
        if (ofMetrics != HttpStatusCode.OK) Assert.Contains("--expose-metrics or --insecure", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_is_left_open_is_told()
    {
        await using var endpoint = await HttpEndpoint.StartAsync(new HostPort("localhost", 0), "health", _ => { });

        Assert.NotEqual(0, endpoint.Address.Port);
        Assert.Equal("localhost", endpoint.Address.Host);
    }

    private static async Task<(HttpStatusCode Status, string Text)> AskAsync(int port, string path, string? host)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{port}/{path}") { Headers = { Host = host } };
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
