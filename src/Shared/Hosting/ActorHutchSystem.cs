using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;

namespace ActorHutch.Shared.Hosting;

/// <summary>What every ActorHutch actor system has in common.</summary>
public static class ActorHutchSystem
{
    /// <summary>The actor system's name, the same in all processes of a cluster.</summary>
    public const string Name = "actorhutch";

    /// <summary>
    /// The dispatcher of actors that compute: a thread of its own for each, because libtorch keeps its number of
    /// threads, grad mode and tensor scopes per thread, and because a computation would hold up everybody else's mail.
    /// </summary>
    public const string ComputeDispatcher = "actorhutch.compute-dispatcher";

    /// <summary>How often a worker says what it is at: 2 s.</summary>
    public static TimeSpan StatusInterval { get; } = TimeSpan.FromSeconds(2);

    /// <summary>The settings.</summary>
    /// <remarks>
    /// An actor that throws stops: its state is not to be trusted, and whoever watches it knows what to do. The process
    /// ends by its host alone, so the runtime's own hooks are off. A computation cannot be interrupted: its actor is waited
    /// for no longer than whoever told the process to end would wait.
    /// </remarks>
    public static Config Configuration { get; } = ConfigurationFactory.ParseString($$"""
        {{ComputeDispatcher}} {
          type = PinnedDispatcher
          throughput = 1
        }
        akka {
          actor.guardian-supervisor-strategy = "Akka.Actor.StoppingSupervisorStrategy"
          stdout-logger-class = "{{typeof(StandardErrorLogger).AssemblyQualifiedName}}"
          stdout-loglevel = WARNING
          log-dead-letters = 0
          log-dead-letters-during-shutdown = off
          coordinated-shutdown {
            run-by-clr-shutdown-hook = off
            exit-clr = off
          }
        }
        """);

    /// <summary>Starts an actor system.</summary>
    /// <param name="config">Settings beside those that all have in common, and over them.</param>
    /// <param name="setup">What is no text.</param>
    public static ActorSystem Create(Config config, ActorSystemSetup setup)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(setup);
        return ActorSystem.Create(Name, setup.And(BootstrapSetup.Create().WithConfig(config.WithFallback(Configuration))));
    }
}
