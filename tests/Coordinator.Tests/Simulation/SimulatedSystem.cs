using ActorHutch.Shared.Hosting;
using Akka.Actor;
using Akka.Configuration;

namespace ActorHutch.Coordinator.Tests.Simulation;

/// <summary>An actor system whose threads, clock and disk are simulated.</summary>
internal sealed class SimulatedSystem : IDisposable
{
    private static readonly Config Settings = ConfigurationFactory.ParseString($$"""
        akka {
          loggers = []
          loglevel = OFF
          stdout-loglevel = OFF
          log-dead-letters = 0
          log-dead-letters-during-shutdown = off
          # It would be on other threads.
          coordinated-shutdown.run-by-actor-system-terminate = off
          scheduler.implementation = "{{typeof(SimulatedScheduler).AssemblyQualifiedName}}"
          actor.default-dispatcher { type = "{{typeof(SimulatedDispatcherConfigurator).AssemblyQualifiedName}}", throughput = 1 }
          actor.internal-dispatcher { type = "{{typeof(SimulatedDispatcherConfigurator).AssemblyQualifiedName}}", throughput = 1 }
          persistence.journal.plugin = simulated-journal
          persistence.snapshot-store.plugin = simulated-snapshots
        }
        simulated-journal { class = "{{typeof(SimulatedDisk.JournalPlugin).AssemblyQualifiedName}}", recovery-event-timeout = 10m, plugin-dispatcher = "akka.actor.default-dispatcher" }
        simulated-snapshots { class = "{{typeof(SimulatedDisk.SnapshotPlugin).AssemblyQualifiedName}}", plugin-dispatcher = "akka.actor.default-dispatcher" }
        {{ActorHutchSystem.ComputeDispatcher}} { type = "{{typeof(SimulatedDispatcherConfigurator).AssemblyQualifiedName}}", throughput = 1 }
        """).WithFallback(ActorHutchSystem.Configuration).WithFallback(Akka.Persistence.Persistence.DefaultConfig());

    private readonly SynchronizationContext? _context = SynchronizationContext.Current;

    public SimulatedSystem()
    {
        // With a context, what waits for a task would go on on another thread.
        SynchronizationContext.SetSynchronizationContext(null);
        System = ActorSystem.Create("simulated", Settings);
        Scheduler = (SimulatedScheduler)System.Scheduler;
        Disk = SimulatedDisk.Of(System);
        Time = new SimulatedTime(Scheduler);
    }

    public ActorSystem System { get; }

    public SimulatedScheduler Scheduler { get; }

    public SimulatedDisk Disk { get; }

    public TimeProvider Time { get; }

    /// <summary>Ends it: what wants to run does, until nothing is left.</summary>
    public void Dispose()
    {
        var terminated = System.Terminate();
        while (!terminated.IsCompleted && Scheduler.Ready.Count > 0)
        {
            var next = Scheduler.Ready[0];
            Scheduler.Ready.RemoveAt(0);
            next.Run();
        }

        SynchronizationContext.SetSynchronizationContext(_context);
    }
}
