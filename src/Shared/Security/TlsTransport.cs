using System.Diagnostics.CodeAnalysis;
using ActorHutch.Shared.Actors;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Event;
using Akka.Remote.Transport;
using Akka.Remote.Transport.DotNetty;

namespace ActorHutch.Shared.Security;

/// <summary>
/// Akka.Remote's TCP transport, which a handshake that fails does not take along. Akka.Remote 1.5.50 and later shut
/// their whole actor system down when a server they called hangs up, or speaks no TLS, or has a bad certificate: a
/// worker killed at the wrong moment would end the coordinator.
/// </summary>
/// <remarks>
/// The transport is given an actor system of its own, whose shutdown does nothing and whose log goes to the real one's.
/// The failed call itself fails as any other does, and is tried again.
/// </remarks>
public sealed class TlsTransport : Transport
{
    private const string TcpTransport = "Akka.Remote.Transport.DotNetty.TcpTransport, Akka.Remote";

    private readonly ActorSystem _carrier;
    private readonly Transport _tcp;

    /// <summary>Akka.Remote makes it so.</summary>
    /// <param name="system">The actor system.</param>
    /// <param name="config">Its <c>akka.remote.dot-netty.tcp</c>.</param>
    public TlsTransport(ActorSystem system, Config config)
    {
        ArgumentNullException.ThrowIfNull(system);
        System = system;
        Config = config;
        _carrier = ActorSystem.Create(system.Name, CarrierSetup(system));
        _carrier.EventStream.Subscribe(
            _carrier.ActorOf(ActorProps.Of(() => new LogForwarder(system.EventStream))), typeof(LogEvent));
        _tcp = (Transport)Activator.CreateInstance(Type.GetType(TcpTransport, throwOnError: true)!, _carrier, config)!;
    }

    /// <inheritdoc/>
    public override string SchemeIdentifier => _tcp.SchemeIdentifier;

    /// <inheritdoc/>
    public override long MaximumPayloadBytes => _tcp.MaximumPayloadBytes;

    /// <inheritdoc/>
    public override Task<(Address, TaskCompletionSource<IAssociationEventListener>)> Listen() => _tcp.Listen();

    /// <inheritdoc/>
    public override bool IsResponsibleFor(Address remote) => _tcp.IsResponsibleFor(remote);

    /// <inheritdoc/>
    public override Task<AssociationHandle> Associate(Address remoteAddress) => _tcp.Associate(remoteAddress);

    /// <inheritdoc/>
    public override Task<bool> ManagementCommand(object message) => _tcp.ManagementCommand(message);

    /// <inheritdoc/>
    public override async Task<bool> Shutdown()
    {
        bool done = await _tcp.Shutdown().ConfigureAwait(false);
        await _carrier.Terminate().ConfigureAwait(false);
        return done;
    }

    private static ActorSystemSetup CarrierSetup(ActorSystem system)
    {
        var config = ConfigurationFactory.ParseString($$"""
            akka {
              loglevel = {{system.Settings.LogLevel}}
              loggers = []
              stdout-loglevel = OFF
              log-dead-letters = off
              coordinated-shutdown {
                terminate-actor-system = off
                run-by-actor-system-terminate = off
                run-by-clr-shutdown-hook = off
                exit-clr = off
              }
            }
            """);
        var setup = ActorSystemSetup.Create(BootstrapSetup.Create().WithConfig(config));
        return system.Settings.Setup.Get<DotNettySslSetup>() is { HasValue: true } ssl ? setup.And(ssl.Value) : setup;
    }

    [SuppressMessage("Performance", "CA1812:Avoid uninstantiated internal classes", Justification = "Made by its Props.")]
    private sealed class LogForwarder : HandlerActor
    {
        public LogForwarder(EventStream log) => Receive<LogEvent>(log.Publish);
    }
}
