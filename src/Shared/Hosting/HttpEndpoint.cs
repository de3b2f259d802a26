using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ActorHutch.Shared.Hosting;

/// <summary>
/// A small HTTP server that tells and does not take: it answers GET alone, and anything else with 405. On loopback it
/// answers to this machine's names alone, and to any other with 421. No configuration from the environment or the working
/// directory, no logging of its own.
/// </summary>
public sealed class HttpEndpoint : IAsyncDisposable
{
    /// <summary>How long answers that have begun may take to come to their end when it stops.</summary>
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(3);

    private readonly WebApplication _application;

    private HttpEndpoint(WebApplication application, HostPort address) => (_application, Address) = (application, address);

    /// <summary>Where it listens: with the port it was given where any would do.</summary>
    public HostPort Address { get; }

    /// <summary>Listens.</summary>
    /// <param name="listen">Where.</param>
    /// <param name="option">The option that says where, without dashes.</param>
    /// <param name="map">Says what is answered to what.</param>
    /// <exception cref="ListenException">The address cannot be listened on.</exception>
    public static async Task<HttpEndpoint> StartAsync(HostPort listen, string option, Action<WebApplication> map)
    {
        ArgumentNullException.ThrowIfNull(map);
        listen.CheckIsFree(option);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, ProgramLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = StopTime);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            if (IPAddress.TryParse(listen.Host, out var address)) kestrel.Listen(address, listen.Port);
            else if (listen.Host == "localhost" && listen.Port != 0) kestrel.ListenLocalhost(listen.Port);
            else kestrel.Listen(Dns.GetHostAddresses(listen.Host)[0], listen.Port);
        });
        var application = builder.Build();
        application.Use(GetAlone);
        if (listen.IsLoopback) application.Use(LoopbackAlone);
        map(application);
        try
        {
            await application.StartAsync().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            await application.DisposeAsync().ConfigureAwait(false);
            if (error is IOException) throw new ListenException(option, listen, error);
            throw;
        }

        return new HttpEndpoint(application, listen with { Port = PortOf(application) });
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync().ConfigureAwait(false);
        await _application.DisposeAsync().ConfigureAwait(false);
    }

    private static Task GetAlone(HttpContext context, RequestDelegate next)
    {
        if (HttpMethods.IsGet(context.Request.Method)) return next(context);
        context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
        context.Response.Headers.Allow = HttpMethods.Get;
        return Task.CompletedTask;
    }

    private static Task LoopbackAlone(HttpContext context, RequestDelegate next)
    {
        // A name that somebody else's page had resolve to this machine is not this machine's: without this, any page in
        // the browser could read what is served on loopback.
        if (new HostPort(context.Request.Host.Host.Trim('[', ']'), 0).IsLoopback) return next(context);
        context.Response.StatusCode = StatusCodes.Status421MisdirectedRequest;
        return Task.CompletedTask;
    }

    private static int PortOf(WebApplication application) =>
        new Uri(application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
}
