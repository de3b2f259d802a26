using System.Globalization;
using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.GpuWorker.Actors;
using ActorHutch.Shared.Messages;
using Akka.Actor;
using Akka.Dispatch;

namespace ActorHutch.Coordinator.Tests.Simulation;

/// <summary>
/// A coordinator with its journal and its workers, as processes on a network, on one thread: what runs next, what arrives
/// next, when time passes and what breaks is drawn from a seed. The actors are the real ones.
/// </summary>
internal sealed class World
{
    private const int MostSteps = 300_000;
    private const int LinesKept = 150;
    private static readonly TimeSpan LongestJob = TimeSpan.FromHours(12);

    private readonly Random _random;
    private readonly Queue<string> _trace = new();
    private readonly bool _traces;
    private readonly List<SimulatedWorker> _processes = [];
    private readonly Dictionary<string, int> _lives = [];
    private readonly Dictionary<ActorPath, SimulatedWorker> _owners = [];
    private IActorRef? _coordinator;
    private string _coordinatorName = "";
    private int _writesOfTheDead;
    private bool _diskFails;
    private int _failuresLeft;
    private int _steps;

    /// <param name="machine">Runs it; new for each world.</param>
    /// <param name="plan">What it is like.</param>
    /// <param name="seed">What happens.</param>
    /// <param name="traces">Whether <see cref="Trace"/> is kept.</param>
    public World(SimulatedSystem machine, WorldPlan plan, int seed, bool traces = false)
    {
        (Machine, Plan, _random, _traces) = (machine, plan, new Random(seed), traces);
        _failuresLeft = plan.ChanceFailures;
        machine.Disk.Reaches = writer => !IsOfTheDead(writer) || _writesOfTheDead-- > 0;
        machine.Disk.Fails = DiskFails;
        StartCoordinator();
        foreach (var (id, conduct) in plan.Workers) After(Seconds(0, 3), () => StartWorker(id, conduct));
    }

    public SimulatedSystem Machine { get; }

    public WorldPlan Plan { get; }

    public string Name { get; } = "world";

    /// <summary>Which process of the coordinator it is, from 1.</summary>
    public int Generation { get; private set; }

    /// <summary>What the job came to; null while it runs.</summary>
    public JobResult? Result { get; private set; }

    /// <summary>Why the coordinator would not run it; null where it did.</summary>
    public Exception? Refused { get; private set; }

    /// <summary>Whether a bit of the journal flipped.</summary>
    public bool DiskRotted { get; private set; }

    /// <summary>Whether everything slept for a while.</summary>
    public bool HasSlept { get; private set; }

    /// <summary>What happened of late, for people.</summary>
    public string Trace => string.Join('\n', _trace);

    /// <summary>Whether a computation fails by chance.</summary>
    public bool ComputationFails() => _failuresLeft > 0 && _random.Next(20) == 0 && _failuresLeft-- > 0;

    /// <summary>Whether somebody is the coordinator's process that is alive.</summary>
    public bool IsCoordinator(IActorRef somebody) => _coordinator is not null && _coordinator.Equals(somebody);

    /// <summary>Runs until the job has ended.</summary>
    public void Run()
    {
        while (Result is null && Refused is null)
        {
            Assert.True(_steps++ < MostSteps, "The job never ends: too many steps.");
            Assert.True(Machine.Scheduler.Time < LongestJob, "The job never ends: too much time.");
            Step();
        }
    }

    /// <summary>Starts the coordinator again, alone, on what its journal holds, and runs until the job has ended.</summary>
    public void RunAgain()
    {
        Result = null;
        StopCoordinator();
        StartCoordinator();
        Run();
    }

    /// <summary>A worker or the coordinator says something: it is on its way, lost, or on its way twice.</summary>
    public void Transmit(SimulatedWorker worker, List<(object Message, int Generation)> queue, object message, int generation)
    {
        bool lost = worker.IsCutOff || (IsBreaking && Chance(Plan.Loss));
        if (_traces) Note($"{worker.Id}/{worker.Life} {(queue == worker.ToWorker ? "<-" : "->")} {Shown(message)}{(lost ? " LOST" : "")}");
        if (lost) return;
        int place = IsBreaking && Chance(Plan.Overtaking) ? _random.Next(queue.Count + 1) : queue.Count;
        queue.Insert(place, (message, generation));
        if (IsBreaking && Chance(Plan.Duplicates)) queue.Add((message, generation));
    }

    /// <summary>Whether things still break; later the job must come to its end.</summary>
    private bool IsBreaking => _steps < Plan.BreakingSteps;

    private void Step()
    {
        if (IsBreaking && Chance(Plan.Breakage)) Break();
        if (Chance(Plan.Haste) && Machine.Scheduler.RingNext(TimeSpan.FromSeconds(1))) return;
        bool happened = _random.Next(2) == 0 ? TryRun() || TryDeliver() : TryDeliver() || TryRun();
        Assert.True(happened || Machine.Scheduler.RingNext(LongestJob), "Nothing is left to happen.");
    }

    private bool TryRun()
    {
        var ready = Machine.Scheduler.Ready;
        if (ready.Count == 0) return false;
        int start = _random.Next(ready.Count);
        for (int i = 0; i < ready.Count; i++)
        {
            int at = (start + i) % ready.Count;
            if (!MayRun(ready[at])) continue;
            var run = ready[at];
            ready.RemoveAt(at);
            run.Run();
            return true;
        }

        return false;
    }

    private bool MayRun(IRunnable run)
    {
        if (SimulatedDispatcher.PathOf(run) is not { } path || OwnerOf(path) is not { IsDead: false } worker) return true;
        if (worker.IsStopped) return false;
        if (!worker.Computes(path)) return true;
        if (worker.Hangs || worker.BusyUntil > Machine.Scheduler.Time) return false;
        bool slow = worker.Conduct is Conduct.Slow or Conduct.FailsLate;
        worker.BusyUntil = Machine.Scheduler.Time + Plan.ChunkTime * _random.NextDouble() * (slow ? 30 : 1);
        return true;
    }

    private SimulatedWorker? OwnerOf(ActorPath path)
    {
        if (_owners.TryGetValue(path, out var owner)) return owner;
        owner = _processes.FirstOrDefault(worker => worker.Owns(path));
        if (owner is not null) _owners.Add(path, owner);
        return owner;
    }

    private bool TryDeliver()
    {
        int start = _random.Next(Math.Max(1, _processes.Count));
        for (int i = 0; i < _processes.Count; i++)
        {
            var worker = _processes[(start + i) % _processes.Count];
            bool down = _random.Next(2) == 0;
            if (TryDeliver(worker, down) || TryDeliver(worker, !down)) return true;
        }

        return false;
    }

    private bool TryDeliver(SimulatedWorker worker, bool toWorker)
    {
        var queue = toWorker ? worker.ToWorker : worker.ToCoordinator;
        if (queue.Count == 0) return false;
        var (message, generation) = queue[0];
        queue.RemoveAt(0);
        if (toWorker && !worker.IsDead) Arrives(worker, message, generation);
        else if (!toWorker && _coordinator is not null && (generation == 0 || generation == Generation)) _coordinator.Tell(message, worker.OnWire);
        return true;
    }

    private void Arrives(SimulatedWorker worker, object message, int generation)
    {
        if (message is PrepareReplica)
        {
            if (worker.Conduct == Conduct.HangsPreparing) worker.Hangs = true;
            if (worker.Conduct == Conduct.CrashesPreparing)
            {
                Crash(worker);
                return;
            }
        }

        if (message is RunChunk)
        {
            if (worker.Conduct == Conduct.CrashesAtChunks)
            {
                Crash(worker);
                return;
            }

            if (worker.Conduct == Conduct.HangsAtChunks && worker.ChunksGiven++ >= 3) worker.Hangs = true;
        }

        worker.Actor.Tell(message, worker.Coordinator(generation));
    }

    private void StartWorker(string id, Conduct conduct)
    {
        int life = _lives[id] = _lives.GetValueOrDefault(id) + 1;
        if (_traces) Note($"{id}/{life} starts: {conduct}");
        _processes.Add(new SimulatedWorker(this, id, conduct, life));
    }

    /// <summary>A worker's process dies, which the coordinator notices in its time, and is started again.</summary>
    private void Crash(SimulatedWorker worker)
    {
        if (worker.IsDead) return;
        if (_traces) Note($"{worker.Id}/{worker.Life} dies");
        Bury(worker);
        if (Chance(0.5)) worker.ToCoordinator.Clear();
        if (Chance(0.5)) After(TimeSpan.FromSeconds(4), () => Unreachable(worker));
        After(Seconds(1, 20), () => StartWorker(worker.Id, worker.Conduct));
    }

    private void Bury(SimulatedWorker worker)
    {
        worker.IsDead = true;
        worker.ToWorker.Clear();
        ((IInternalActorRef)worker.Actor).Stop();
        After(Seconds(0, 20), worker.OnWire.Terminate);
    }

    private void Unreachable(SimulatedWorker worker)
    {
        if (_traces) Note($"{worker.Id}/{worker.Life} cannot be reached");
        _coordinator?.Tell(new NodeUnreachable(worker.OnWire.Path.Address));
    }

    private void StartCoordinator()
    {
        Generation++;
        _coordinatorName = string.Create(CultureInfo.InvariantCulture, $"{Name}-coordinator-{Generation}");
        _coordinator = Machine.System.ActorOf(CoordinatorActor.Props(Machine.Time, Plan.IsJournaled), _coordinatorName);
        if (_traces) Note($"coordinator {Generation} starts");
        byte[] job = new byte[16];
        _random.NextBytes(job);
        int generation = Generation;
        var client = new WireRef(Machine.System, "client", generation, (message, _) => OnToldClient(message, generation));
        _coordinator.Tell(new StartJob(new Guid(job), Plan.Spec, Plan.Policy), client);
    }

    private void StopCoordinator()
    {
        if (_coordinator is null) return;
        if (_traces) Note($"coordinator {Generation} dies");
        ((IInternalActorRef)_coordinator).Stop();
        _coordinator = null;
        // What it had told the disk to write may still be written, or not.
        _writesOfTheDead = _random.Next(3);
        int generation = Generation;
        foreach (var worker in _processes.Where(worker => !worker.IsDead))
        {
            worker.ToWorker.Clear();
            After(Seconds(0, 15), worker.Coordinator(generation).Terminate);
        }
    }

    /// <summary>Whether an actor is of a coordinator that is gone; the journal is its child.</summary>
    private bool IsOfTheDead(ActorPath path) =>
        _coordinator is null || !path.Parent.Name.Equals(_coordinatorName, StringComparison.Ordinal);

    private void OnToldClient(object message, int generation)
    {
        if (_coordinator is null || generation != Generation) return;
        if (_traces) Note($"client <- {message.GetType().Name}");
        switch (message)
        {
            case JobFinished { Result.Outcome: { End: JobEnd.Failed, Message: { } what } } when what.Contains("journal cannot be written", StringComparison.Ordinal):
                // Whoever runs it makes room on the disk and starts it again.
                StopCoordinator();
                After(Seconds(1, 10), StartAgain);
                break;
            case JobFinished finished:
                Result = finished.Result;
                break;
            case Status.Failure failure:
                Refused = failure.Cause;
                break;
        }
    }

    private bool DiskFails(ActorPath writer)
    {
        if (!_diskFails || IsOfTheDead(writer)) return false;
        if (_traces) Note("the disk is full");
        _diskFails = false;
        return true;
    }

    private void StartAgain()
    {
        _writesOfTheDead = 0;
        StartCoordinator();
    }

    private void Break()
    {
        var living = _processes.Where(worker => !worker.IsDead).ToList();
        if (living.Count == 0) return;
        var worker = living[_random.Next(living.Count)];
        switch (_random.Next(Plan.IsJournaled ? 11 : 8))
        {
            case 0:
                Crash(worker);
                break;
            case 1:
                CutOff(worker);
                break;
            case 2:
                StopForAWhile(worker);
                break;
            case 3 when !worker.Hangs:
                if (_traces) Note($"{worker.Id}/{worker.Life} hangs");
                worker.Hangs = true;
                After(Seconds(5, 300), () => worker.Hangs = false);
                break;
            case 4:
                if (_traces) Note($"{worker.Id}/{worker.Life} is told to leave");
                worker.Actor.Tell(new Leave());
                After(Seconds(20, 40), () => Gone(worker));
                break;
            case 5:
                // A connection breaks, and what was on it is lost.
                if (_traces) Note($"{worker.Id}/{worker.Life} loses {worker.ToWorker.Count} + {worker.ToCoordinator.Count} messages");
                worker.ToWorker.Clear();
                worker.ToCoordinator.Clear();
                break;
            case 6:
                if (_traces) Note("everything sleeps for a while");
                HasSlept = true;
                Machine.Scheduler.Sleep(Seconds(1, 4000));
                break;
            case 7:
                _coordinator?.Tell(new RequestWork(Guid.Empty, 1), worker.OnWire);
                _coordinator?.Tell(new ChunkFailed(Guid.Empty, 0, 1, "of another job", true), worker.OnWire);
                break;
            case 8 or 9 when _coordinator is not null:
                StopCoordinator();
                After(Seconds(1, 20), StartAgain);
                break;
            case 10 when Chance(0.2):
                DiskRotted |= Machine.Disk.Rot(_random);
                break;
            case 10:
                _diskFails = true;
                break;
        }
    }

    private void CutOff(SimulatedWorker worker)
    {
        double seconds = 1 + 20 * _random.NextDouble();
        if (_traces) Note($"{worker.Id}/{worker.Life} is cut off for {seconds:0} s");
        worker.IsCutOff = true;
        if (seconds > 4) After(TimeSpan.FromSeconds(4), () => Unreachable(worker));
        After(TimeSpan.FromSeconds(seconds), () =>
        {
            worker.IsCutOff = false;
            // The coordinator's node has given it up, and it has begun anew.
            if (seconds > 14) Crash(worker);
        });
    }

    private void StopForAWhile(SimulatedWorker worker)
    {
        double seconds = 1 + 20 * _random.NextDouble();
        if (_traces) Note($"{worker.Id}/{worker.Life} is stopped for {seconds:0} s");
        worker.IsStopped = true;
        if (seconds > 4) After(TimeSpan.FromSeconds(4), () => Unreachable(worker));
        After(TimeSpan.FromSeconds(seconds), () =>
        {
            worker.IsStopped = false;
            if (seconds > 14) Crash(worker);
        });
    }

    /// <summary>It left by itself, or takes too long to; another of its name comes.</summary>
    private void Gone(SimulatedWorker worker)
    {
        if (worker.IsDead) return;
        Bury(worker);
        After(Seconds(1, 20), () => StartWorker(worker.Id, worker.Conduct));
    }

    private void After(TimeSpan time, Action action) => ((IScheduler)Machine.Scheduler).Advanced.ScheduleOnce(time, action);

    private TimeSpan Seconds(double least, double most) => TimeSpan.FromSeconds(least + (most - least) * _random.NextDouble());

    private bool Chance(double chance) => _random.NextDouble() < chance;

    private void Note(string what)
    {
        _trace.Enqueue(string.Create(CultureInfo.InvariantCulture, $"{Machine.Scheduler.Time.TotalSeconds,9:0.0} {what}"));
        if (_trace.Count > LinesKept) _trace.Dequeue();
    }

    private static string Shown(object message) => message switch
    {
        RunChunk run => $"RunChunk {run.Chunk}/{run.Attempt}",
        ChunkDone done => $"ChunkDone {done.Chunk}/{done.Attempt}",
        ChunkFailed failed => $"ChunkFailed {failed.Chunk}/{failed.Attempt}",
        RequestWork request => $"RequestWork {request.Count}",
        WorkerStatus status => $"WorkerStatus {(status.HasReplica ? "ready" : "preparing")} {string.Join(' ', status.Chunks.Select(chunk => $"{chunk.Chunk}/{chunk.Attempt}"))}",
        _ => message.GetType().Name,
    };
}
