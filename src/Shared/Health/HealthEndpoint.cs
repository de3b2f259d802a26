using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace ActorHutch.Shared.Health;

/// <summary>
/// Tells a node's health over HTTP: <c>GET /healthz/live</c> is 200 while the process answers, <c>GET /healthz/ready</c>
/// is 200 while the node is ready and 503 otherwise. Each answers with one line for people. <c>GET /metrics</c> is for
/// Prometheus: what it tells of a job is for this machine alone unless told otherwise, like a job's page. That a node
/// lives and is ready is for anybody: a cluster's own probes come from another machine.
/// </summary>
public sealed class HealthEndpoint : IAsyncDisposable
{
    private readonly HttpEndpoint _endpoint;

    private HealthEndpoint(HttpEndpoint endpoint) => _endpoint = endpoint;

    /// <summary>Listens.</summary>
    /// <param name="listen">Where.</param>
    /// <param name="health">What it tells.</param>
    /// <param name="metrics">What it tells as numbers; null for nothing. The caller disposes of it.</param>
    /// <param name="metricsForOthers">Whether it may tell them to other machines.</param>
    /// <exception cref="ListenException">The address cannot be listened on.</exception>
    public static async Task<HealthEndpoint> StartAsync(HostPort listen, NodeHealth health, MetricsExporter? metrics = null, bool metricsForOthers = false) =>
        new(await HttpEndpoint.StartAsync(listen, "health", application =>
        {
            application.MapGet("/healthz/live", context => context.Response.TellAsync("live\n"));
            application.MapGet("/healthz/ready", context =>
            {
                context.Response.StatusCode = health.IsReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
                return context.Response.TellAsync($"{health}\n");
            });
            if (listen.IsLoopback || metricsForOthers) metrics?.Map(application);
            else application.MapGet("/metrics", context =>
            {
                context.Response.StatusCode = StatusCodes.Status403Forbidden;
                return context.Response.TellAsync("Metrics are served where --health is on loopback (127.0.0.1), or with --expose-metrics or --insecure.\n");
            });
        }).ConfigureAwait(false));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _endpoint.DisposeAsync();
}
