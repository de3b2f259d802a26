using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Security;
using Akka.Hosting;
using Microsoft.Extensions.Hosting;

namespace ActorHutch.Shared.Tests.Security;

public sealed class SchemeTests : IDisposable
{
    private readonly Certificates _certificates = new();

    [Fact]
    public async Task A_port_that_speaks_no_TLS_where_TLS_was_asked_for_does_not_start()
    {
        var settings = new RemoteSettings { TlsFiles = _certificates.Good() };
        Assert.Empty(settings.Validate(out var tls));
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddAkka(ActorHutchSystem.Name, akka => akka
            .AddHocon("akka { loglevel = OFF, actor.provider = remote }", HoconAddMode.Append)
            .WithActorHutch()
            .WithActorHutchWire(settings, tls)
            .AddHocon("akka.remote.dot-netty.tcp.enable-ssl = false", HoconAddMode.Prepend));
        using var host = builder.Build();

        var error = await Assert.ThrowsAnyAsync<Exception>(() => host.StartAsync());

        Assert.Contains("speaks akka.tcp and should speak akka.ssl.tcp", error.ToString(), StringComparison.Ordinal);
    }

    public void Dispose() => _certificates.Dispose();
}
