using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace ActorHutch.Shared.Health;

/// <summary>
/// Tells a node's health over HTTP: <c>GET /healthz/live</c> is 200 while the process answers, <c>GET /healthz/ready</c>
/// is 200 while the node is ready and 503 otherwise. Each answers with one line for people. <c>GET /metrics</c> is for
/// Prometheus.
/// </summary>
public sealed class HealthEndpoint : IAsyncDisposable
{
    private readonly HttpEndpoint _endpoint;

    private HealthEndpoint(HttpEndpoint endpoint) => _endpoint = endpoint;

    /// <summary>Listens.</summary>
    /// <param name="listen">Where.</param>
    /// <param name="health">What it tells.</param>
    /// <param name="metrics">What it tells as numbers; null for nothing. The caller disposes of it.</param>
    /// <exception cref="IOException">The address cannot be listened on.</exception>
    public static async Task<HealthEndpoint> StartAsync(HostPort listen, NodeHealth health, MetricsExporter? metrics = null) =>
        new(await HttpEndpoint.StartAsync(listen, application =>
        {
            application.MapGet("/healthz/live", context => context.Response.TellAsync("live\n"));
            application.MapGet("/healthz/ready", context =>
            {
                context.Response.StatusCode = health.IsReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
                return context.Response.TellAsync($"{health}\n");
            });
            metrics?.Map(application);
        }).ConfigureAwait(false));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _endpoint.DisposeAsync();
}
