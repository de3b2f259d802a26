using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace ActorHutch.Coordinator.Dashboard;

/// <summary>
/// Serves a job's page: <c>/</c>, its <c>/events</c>, and <c>/metrics</c>. It shows and does not steer: there is nothing
/// but GET.
/// </summary>
internal sealed class DashboardEndpoint : IAsyncDisposable
{
    /// <summary>So many pages at once: more would be somebody's mistake, and cost the job.</summary>
    public const int MaxPages = 64;

    private readonly HttpEndpoint _endpoint;

    private DashboardEndpoint(HttpEndpoint endpoint) => _endpoint = endpoint;

    /// <summary>Where a browser finds it.</summary>
    public string Url
    {
        get
        {
            var address = _endpoint.Address;
            return $"http://{(address.IsAny ? address with { Host = Environment.MachineName } : address)}/";
        }
    }

    /// <summary>Listens.</summary>
    /// <exception cref="ListenException">The address cannot be listened on.</exception>
    public static async Task<DashboardEndpoint> StartAsync(HostPort listen, JobFeed feed, MetricsExporter metrics, TimeProvider time)
    {
        var events = new EventStream(feed, time);
        int pages = 0;
        return new DashboardEndpoint(await HttpEndpoint.StartAsync(listen, "dashboard", application =>
        {
            application.Use(GuardAsync);
            application.MapGet("/", context => context.Response.TellAsync(DashboardPage.Document, "text/html; charset=utf-8"));
            application.MapGet("/events", async context =>
            {
                try
                {
                    if (Interlocked.Increment(ref pages) <= MaxPages) await events.SendAsync(context).ConfigureAwait(false);
                    else context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                }
                finally
                {
                    Interlocked.Decrement(ref pages);
                }
            });
            metrics.Map(application);
        }).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _endpoint.DisposeAsync();

    private static Task GuardAsync(HttpContext context, RequestDelegate next)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = DashboardPage.ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.CacheControl = "no-store";
        return next(context);
    }
}
