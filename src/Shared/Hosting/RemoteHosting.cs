using ActorHutch.Shared.Security;
using ActorHutch.Shared.Wire;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Remote.Transport.DotNetty;

namespace ActorHutch.Shared.Hosting;

/// <summary>Gives an actor system its port.</summary>
public static class RemoteHosting
{
    /// <summary>
    /// Starts an actor system with a port, its certificates and everything that <see cref="WireConfiguration"/> says about
    /// what travels over it.
    /// </summary>
    /// <param name="config">More settings, over these. Who its members are is said by <see cref="ClusterConfiguration"/>.</param>
    /// <param name="settings">The port.</param>
    /// <param name="tls">What <see cref="RemoteSettings.Validate"/> made of the settings' files; null for plain TCP.</param>
    /// <param name="setup">What is no text; null for nothing.</param>
    /// <exception cref="InvalidOperationException">The port would not be as secure as it was asked to be.</exception>
    public static ActorSystem Create(Config config, RemoteSettings settings, TlsSettings? tls, ActorSystemSetup? setup = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(settings);
        setup ??= ActorSystemSetup.Empty;
        if (tls is not null)
        {
            setup = setup.And(new DotNettySslSetup(
                tls.Certificate, suppressValidation: false, requireMutualAuthentication: true, tls.Peers.Accept));
        }

        var system = ActorHutchSystem.Create(
            config.WithFallback(tls is null ? PlainTcp : Tls).WithFallback(Port(settings)).WithFallback(WireConfiguration.Configuration), setup);
        try
        {
            CheckScheme(system, tls is not null);
            return system;
        }
        catch
        {
            system.Dispose();
            throw;
        }
    }

    /// <summary>Fails where the port is not what was asked for: half a TLS configuration is silently plain TCP.</summary>
    /// <exception cref="InvalidOperationException">It is not.</exception>
    private static void CheckScheme(ActorSystem system, bool tls)
    {
        string scheme = ((ExtendedActorSystem)system).Provider.DefaultAddress.Protocol;
        string wanted = tls ? "akka.ssl.tcp" : "akka.tcp";
        if (scheme != wanted)
            throw new InvalidOperationException($"The port speaks {scheme} and should speak {wanted}.");
    }

    /// <remarks>
    /// Every twentieth or so of Akka's TLS connections on a busy machine stalls right after its handshake until
    /// something else is written to it, which is a heartbeat: so these come every half second instead of every four.
    /// </remarks>
    private static Config Tls { get; } = ConfigurationFactory.ParseString($$"""
        akka.remote {
          dot-netty.tcp {
            enable-ssl = true
            transport-class = "{{typeof(TlsTransport).FullName}}, {{typeof(TlsTransport).Assembly.GetName().Name}}"
          }
          transport-failure-detector.heartbeat-interval = 500ms
        }
        """);

    private static Config PlainTcp { get; } = ConfigurationFactory.ParseString("akka.remote.dot-netty.tcp.enable-ssl = false");

    /// <remarks>
    /// Names are looked up in one family of addresses, the one that is listened on: a network of IPv6 alone has no others.
    /// With tcp-reuse-addr, two processes on Linux would listen on one port, and their callers reach one or the other.
    /// </remarks>
    private static Config Port(RemoteSettings settings) => ConfigurationFactory.ParseString($$"""
        akka.remote.dot-netty.tcp {
          hostname = {{Quoted(settings.Host)}}
          dns-use-ipv6 = {{(settings.IsIpv6 ? "true" : "false")}}
          port = {{settings.Port}}
          tcp-reuse-addr = off
          public-hostname = {{Quoted(settings.PublicHost ?? settings.Host)}}
          {{(settings.PublicPort is { } port ? $"public-port = {port}" : "")}}
        }
        """);

    private static string Quoted(string text) =>
        $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
