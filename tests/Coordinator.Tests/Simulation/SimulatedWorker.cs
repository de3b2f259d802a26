using ActorHutch.GpuWorker.Actors;
using Akka.Actor;

namespace ActorHutch.Coordinator.Tests.Simulation;

/// <summary>A worker's process, from its start to its death; its actors are the real ones.</summary>
internal sealed class SimulatedWorker
{
    private readonly World _world;
    private readonly Dictionary<int, WireRef> _coordinators = [];
    private readonly ActorPath _compute;

    /// <param name="world">Where it is.</param>
    /// <param name="id">Its name.</param>
    /// <param name="conduct">How it behaves.</param>
    /// <param name="life">Which life of that name.</param>
    public SimulatedWorker(World world, string id, Conduct conduct, int life)
    {
        (_world, Id, Conduct, Life) = (world, id, conduct, life);
        var system = world.Machine.System;
        OnWire = new WireRef(system, id, life, (message, sender) =>
        {
            if (world.IsCoordinator(sender)) Enqueue(ToWorker, message, world.Generation);
        });
        string name = $"{world.Name}-{id}-{life}";
        // Where it looks for the coordinator: whoever is there gets its registration.
        var gate = system.ActorOf(Props.Create(() => new Gate(message => Enqueue(ToCoordinator, message, 0))), name + "-gate");
        var settings = new WorkerSettings(id, "cpu") { Coordinator = gate.Path.ToStringWithoutAddress(), Kind = "fake" };
        Actor = system.ActorOf(
            WorkerActor.Props(settings, Conducts.Replicas(conduct, world.ComputationFails), world.Machine.Time, life), name);
        _compute = Actor.Path / "compute";
    }

    public string Id { get; }

    public Conduct Conduct { get; }

    public int Life { get; }

    /// <summary>Its actor.</summary>
    public IActorRef Actor { get; }

    /// <summary>It, as the coordinator knows it.</summary>
    public WireRef OnWire { get; }

    /// <summary>What is on its way to it, with the coordinator's process that sent it.</summary>
    public List<(object Message, int Generation)> ToWorker { get; } = [];

    /// <summary>What it said, with the coordinator's process that it was said to; 0 for whichever is there.</summary>
    public List<(object Message, int Generation)> ToCoordinator { get; } = [];

    /// <summary>Its process is gone.</summary>
    public bool IsDead { get; set; }

    /// <summary>Nothing reaches it, and nothing it says reaches anybody.</summary>
    public bool IsCutOff { get; set; }

    /// <summary>Its process is stopped.</summary>
    public bool IsStopped { get; set; }

    /// <summary>Its computation hangs.</summary>
    public bool Hangs { get; set; }

    /// <summary>How many chunks it has been given.</summary>
    public int ChunksGiven { get; set; }

    /// <summary>When its computation is done with what it is at.</summary>
    public TimeSpan BusyUntil { get; set; }

    /// <summary>Whether a mailbox is its computation's.</summary>
    public bool Computes(ActorPath path) => path.Equals(_compute);

    /// <summary>Whether a mailbox is of its process.</summary>
    public bool Owns(ActorPath path) => path.Equals(Actor.Path) || path.Equals(_compute);

    /// <summary>A process of the coordinator, as the worker knows it.</summary>
    public WireRef Coordinator(int generation)
    {
        if (!_coordinators.TryGetValue(generation, out var coordinator))
        {
            coordinator = new WireRef(
                _world.Machine.System, "coordinator", generation, (message, _) => Enqueue(ToCoordinator, message, generation));
            _coordinators.Add(generation, coordinator);
        }

        return coordinator;
    }

    private void Enqueue(List<(object Message, int Generation)> queue, object message, int generation)
    {
        if (!IsDead) _world.Transmit(this, queue, message, generation);
    }

    /// <summary>Puts what is told to a path onto the wire.</summary>
    private sealed class Gate : ReceiveActor
    {
        public Gate(Action<object> send) => ReceiveAny(send);
    }
}
