using System.Net.Sockets;
using ActorHutch.Shared.Security;
using Akka.Actor;
using Akka.Configuration;
using Akka.Hosting;
using Akka.Hosting.Logging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Serilog;
using Serilog.Events;

namespace ActorHutch.Shared.Hosting;

/// <summary>The host of an actor system: logging, and the settings that all of them have.</summary>
public static class NodeHost
{
    private static readonly TimeSpan FlushTime = TimeSpan.FromSeconds(5);

    /// <summary>A host that has yet to be started.</summary>
    /// <param name="log">Where log lines go, and which.</param>
    /// <param name="cluster">The node's place in a cluster; null for an actor system of its own.</param>
    /// <param name="configure">More settings; null for none.</param>
    public static IHost Build(
        LogSettings log, NodeSettings? cluster = null, Action<AkkaConfigurationBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(log);
        StandardErrorLogger.Settings = log;
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton<IHostLifetime, ProgramLifetime>();
        builder.Services.AddSerilog(log.CreateLogger(), dispose: true);
        builder.Services.AddAkka(ActorHutchSystem.Name, akka =>
        {
            akka.WithActorHutch();
            if (cluster is not null)
            {
                var remote = cluster.Remote;
                remote.Validate(out var tls);
                akka.WithActorHutchWire(remote, tls).AddHocon(ClusterConfiguration.Of(cluster), HoconAddMode.Prepend);
            }

            configure?.Invoke(akka);
            akka.AddHocon(Logging(log.Level), HoconAddMode.Prepend);
        });
        return builder.Build();
    }

    /// <summary>Starts a node's host.</summary>
    /// <exception cref="ListenException">Its address cannot be listened on.</exception>
    public static Task StartAsync(IHost host, NodeSettings node, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(node);
        node.Listen.CheckIsFree("listen");
        try
        {
            // Made here and not by the host's start, which aborts the process where an actor system cannot listen: another
            // process may have taken the port since it was looked at.
            _ = host.Services.GetRequiredService<ActorSystem>();
        }
        catch (Exception error) when (Cause(error) is { } cause)
        {
            throw new ListenException("listen", node.Listen, cause);
        }

        return host.StartAsync(cancellation);
    }

    /// <summary>The socket's error that an exception came from; null where it did not come from one.</summary>
    private static SocketException? Cause(Exception? error)
    {
        while (error is not (null or SocketException)) error = error.InnerException;
        return error as SocketException;
    }

    /// <summary>
    /// Waits until the logger has read its mail: it is an actor, and what it has not read when it stops is lost.
    /// </summary>
    public static async Task FlushLogAsync(ActorSystem system)
    {
        ArgumentNullException.ThrowIfNull(system);
        try
        {
            await system.ActorSelection("/system/log*").ResolveOne(FlushTime).ConfigureAwait(false);
        }
        catch (ActorNotFoundException)
        {
            // No logger, nothing to wait for.
        }
    }

    // What ConfigureLoggers would say, which compiles regular expressions for it.
    private static Config Logging(LogEventLevel level)
    {
        string least = level switch
        {
            LogEventLevel.Verbose or LogEventLevel.Debug => "DEBUG",
            LogEventLevel.Information => "INFO",
            LogEventLevel.Warning => "WARNING",
            _ => "ERROR",
        };
        return ConfigurationFactory.ParseString($$"""
            akka {
              loglevel = {{least}}
              loggers = ["{{typeof(LoggerFactoryLogger).AssemblyQualifiedName}}"]
            }
            """);
    }
}
