using System.Net.Sockets;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Hosting.Logging;
using Serilog.Events;
using Serilog.Extensions.Logging;

namespace ActorHutch.Shared.Hosting;

/// <summary>A program's actor system, with its log.</summary>
/// <remarks>No host and no services: a node is its actor system and what that starts.</remarks>
public static class NodeSystem
{
    private static readonly TimeSpan FlushTime = TimeSpan.FromSeconds(5);

    /// <summary>Starts an actor system of its own.</summary>
    /// <param name="log">Where log lines go, and which.</param>
    /// <param name="more">More settings; null for none.</param>
    public static ActorSystem Start(LogSettings log, Config? more = null) =>
        WithLog(log, more, (config, setup) => ActorHutchSystem.Create(config, setup));

    /// <summary>Starts a node of a cluster.</summary>
    /// <param name="log">Where log lines go, and which.</param>
    /// <param name="node">Its place in the cluster.</param>
    /// <param name="more">More settings; null for none.</param>
    /// <exception cref="ListenException">Its address cannot be listened on.</exception>
    public static ActorSystem Start(LogSettings log, NodeSettings node, Config? more = null)
    {
        ArgumentNullException.ThrowIfNull(node);
        node.Listen.CheckIsFree("listen");
        var remote = node.Remote;
        remote.Validate(out var tls);
        try
        {
            return WithLog(log, ClusterConfiguration.Of(node).WithFallback(more ?? Config.Empty),
                (config, setup) => RemoteHosting.Create(config, remote, tls, setup));
        }
        catch (Exception error) when (Cause(error) is { } cause)
        {
            // Another process may have taken the port since it was looked at.
            throw new ListenException("listen", node.Listen, cause);
        }
    }

    /// <summary>Stops an actor system, which leaves its cluster, and waits for it.</summary>
    public static Task StopAsync(ActorSystem system) =>
        CoordinatedShutdown.Get(system).Run(CoordinatedShutdown.ClrExitReason.Instance);

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

    private static ActorSystem WithLog(LogSettings log, Config? more, Func<Config, ActorSystemSetup, ActorSystem> create)
    {
        ArgumentNullException.ThrowIfNull(log);
        StandardErrorLogger.Settings = log;
        var logger = new SerilogLoggerFactory(log.CreateLogger(), dispose: true);
        try
        {
            var system = create(
                Logging(log.Level).WithFallback(more ?? Config.Empty), ActorSystemSetup.Create(new LoggerFactorySetup(logger)));
            system.RegisterOnTermination(logger.Dispose);
            return system;
        }
        catch
        {
            logger.Dispose();
            throw;
        }
    }

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

    /// <summary>The socket's error that an exception came from; null where it did not come from one.</summary>
    private static SocketException? Cause(Exception? error)
    {
        while (error is not (null or SocketException)) error = error.InnerException;
        return error as SocketException;
    }
}
