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

    [Fact]
    public async Task A_port_that_is_left_open_is_told()
    {
        await using var endpoint = await HttpEndpoint.StartAsync(new HostPort("localhost", 0), _ => { });

        Assert.NotEqual(0, endpoint.Address.Port);
        Assert.Equal("localhost", endpoint.Address.Host);
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
