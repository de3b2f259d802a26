using System.Net;
using ActorHutch.Shared.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ActorHutch.Shared.Health;

/// <summary>
/// Tells a node's health over HTTP: <c>GET /healthz/live</c> is 200 while the process answers, <c>GET /healthz/ready</c>
/// is 200 while the node is ready and 503 otherwise. Each answers with one line for people.
/// </summary>
public sealed class HealthEndpoint : IAsyncDisposable
{
    private readonly WebApplication _application;

    private HealthEndpoint(WebApplication application) => _application = application;

    /// <summary>Listens.</summary>
    /// <exception cref="IOException">The address cannot be listened on.</exception>
    public static async Task<HealthEndpoint> StartAsync(HostPort listen, NodeHealth health)
    {
        listen.CheckIsFree();
        // Empty: no configuration from the environment or the working directory, no logging of its own.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, ProgramLifetime>();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            if (IPAddress.TryParse(listen.Host, out var address)) kestrel.Listen(address, listen.Port);
            else if (listen.Host == "localhost") kestrel.ListenLocalhost(listen.Port);
            else kestrel.Listen(Dns.GetHostAddresses(listen.Host)[0], listen.Port);
        });
        var application = builder.Build();
        application.MapGet("/healthz/live", () => TypedResults.Text("live\n"));
        application.MapGet("/healthz/ready", () => TypedResults.Text(
            $"{health}\n",
            statusCode: health.IsReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable));
        try
        {
            await application.StartAsync().ConfigureAwait(false);
        }
        catch
        {
            await application.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        return new HealthEndpoint(application);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync().ConfigureAwait(false);
        await _application.DisposeAsync().ConfigureAwait(false);
    }
}
