using ActorHutch.Coordinator.Journal;
using ActorHutch.Coordinator.Reports;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Shared.Actors;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Messages;
using Akka.Actor;
using Akka.Event;
using Akka.Streams;

namespace ActorHutch.Coordinator.Actors;

/// <summary>
/// Knows the workers and runs jobs, one after another. It decides nothing: <see cref="JobState"/> does, and this actor
/// performs the effects.
/// </summary>
internal sealed partial class CoordinatorActor : HandlerActor, IWithTimers
{
    private const int MaxRefusalsLogged = 1000;
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<IActorRef, WorkerRegistered> _workers = [];
    private readonly Dictionary<WorkerKey, IActorRef> _addresses = [];
    private readonly HashSet<IActorRef> _leaving = [];
    private readonly HashSet<IActorRef> _unreachable = [];
    private readonly HashSet<WorkerKey> _superseded = [];
    private readonly bool _journaled;
    private readonly BlobStore _blobs;
    private readonly HashSet<string> _refused = [];
    private RunningJob? _job;
    private OpeningJob? _opening;
    private bool _allIsDone;
    private IActorRef? _waitsForWorkers;

    public CoordinatorActor(TimeProvider time, bool journaled, BlobStore blobs)
    {
        (_time, _blobs) = (time, blobs);
        var system = Context.System;
        _materializer = new Lazy<IMaterializer>(() => system.Materializer());
        _journaled = journaled;
        Receive<RegisterWorker>(OnRegisterWorker);
        ReceiveFromJournal();
        Receive<WorkerStatus>(OnWorkerStatus);
        Receive<NodeUnreachable>(OnNodeUnreachable);
        Receive<DismissWorkers>(_ => OnDismissWorkers());
        Receive<IntervalPassed>(_ => OnIntervalPassed());
        Receive<Terminated>(gone => OnLost(gone.ActorRef, "it stopped"));
        Receive<ChunkOffered>(OnChunkOffered);
        Receive<ResultsMerged>(OnResultsMerged);
        Receive<IJobMessage>(OnWorkerSaid);
        Receive<StartJob>(OnStartJob);
        Receive<InterruptJob>(interrupt => interrupt.Job == _job?.State.Job, _ => Apply(new InterruptRequested()));
        Receive<InterruptJob>(interrupt => _opening?.Interrupt(interrupt.Job));
        Receive<WorkerWaitOver>(Apply);
        Receive<InputAtFault>(Apply);
        Receive<ProgressDue>(_ => TellProgress());
        Receive<LookAtJob>(_ => Sender.Tell(new JobLook(_job?.State, Progress(), _job?.Results?.History)));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>How to make a coordinator.</summary>
    /// <param name="time">Measures its times; the system's where it is null.</param>
    /// <param name="journaled">Whether it keeps a journal, for which the actor system must be configured.</param>
    /// <param name="blobs">What workers elsewhere may fetch; null where there are none.</param>
    public static Props Props(TimeProvider? time = null, bool journaled = false, BlobStore? blobs = null) =>
        ActorProps.Of(() => new CoordinatorActor(time ?? TimeProvider.System, journaled, blobs ?? new BlobStore()));

    private void OnRegisterWorker(RegisterWorker registration)
    {
        if (ProtocolVersion.Refusal(registration) is { } refusal)
        {
            Refuse(registration, refusal);
            return;
        }

        var key = new WorkerKey(registration.Id, registration.Incarnation);
        if (_superseded.Contains(key))
        {
            // Or two processes of one name would drive each other out for ever.
            Refuse(registration, $"another process has registered the name {key.Id}: give each process its own --id");
            return;
        }

        foreach (var (address, worker) in _workers.ToArray())
        {
            // Another life of this worker, which has not been noticed to be over.
            if (worker.Worker.Id != key.Id || address.Equals(Sender)) continue;
            _superseded.Add(worker.Worker);
            OnLost(address, "it was started again");
        }

        string threads = Figures.Count(registration.Threads, "thread");
        var registered = new WorkerRegistered(
            key, registration.Device, registration.Kind.Length == 0 ? threads : $"{registration.Kind}, {threads}");
        if (!_workers.ContainsKey(Sender)) Context.Watch(Sender);
        _workers[Sender] = registered;
        _addresses[key] = Sender;
        Sender.Tell(new WorkerAccepted(registration.Incarnation));
        _log.Info("Worker {Worker} on {Device} registered", key.Id, registration.Device);
        if (_allIsDone) DismissNewcomer();
        else Apply(registered);
    }

    /// <summary>Tells a worker each time, and the log once, since it will try again and again.</summary>
    private void Refuse(RegisterWorker registration, string refusal)
    {
        if (_refused.Count < MaxRefusalsLogged && _refused.Add(refusal)) _log.Error("Refused a worker: {Reason}", refusal);
        Sender.Tell(new WorkerRefused(registration.Incarnation, refusal));
    }

    private void OnLost(IActorRef address, string reason)
    {
        if (!_workers.Remove(address, out var worker)) return;
        Context.Unwatch(address);
        bool left = _leaving.Remove(address), told = _unreachable.Remove(address);
        if (left) reason = WorkerInJob.Left;
        _addresses.Remove(worker.Worker);
        _log.Log(
            // Without a job, a worker that goes is missed by nobody: the program ends. And that it is not there may have been said.
            told ? LogLevel.DebugLevel : left ? LogLevel.InfoLevel : _job is null ? LogLevel.DebugLevel : LogLevel.WarningLevel, null,
            "Worker {Worker} is gone: {Reason}", worker.Worker.Id, reason);
        Apply(new WorkerLost(worker.Worker, reason));
    }

    private void OnWorkerSaid(IJobMessage message)
    {
        var worker = _workers.TryGetValue(Sender, out var known)
            ? known.Worker
            : new WorkerKey(Sender.Path.ToString(), 0);
        if (_job?.State is { Phase: not JobPhase.Finished } state && message.Job == state.Job) Log(worker, message);
        Apply(new WorkerSaid(worker, message));
    }

    private void OnWorkerStatus(WorkerStatus status)
    {
        if (!_workers.TryGetValue(Sender, out var worker))
        {
            if (!status.Leaves) Sender.Tell(new RegisterAgain());
            return;
        }

        _unreachable.Remove(Sender);
        if (status.Leaves) _leaving.Add(Sender);
        if (_job is not null) Apply(new WorkerReported(worker.Worker, status));
        // It works on a run that is over, and was not told, or the word was lost.
        else if (status.Job != Guid.Empty) Sender.Tell(new EndJob(status.Job));
    }

    /// <summary>Its workers' chunks go to others at once. It is not forgotten: what it says next brings it back.</summary>
    private void OnNodeUnreachable(NodeUnreachable node)
    {
        foreach (var (worker, registered) in _workers.ToArray())
        {
            if (!worker.Path.Address.Equals(node.Address)) continue;
            _unreachable.Add(worker);
            _log.Warning("Worker {Worker} cannot be reached; its chunks go to others", registered.Worker.Id);
            Apply(new WorkerLost(registered.Worker, WorkerInJob.Unreachable));
        }
    }

    private void OnDismissWorkers()
    {
        _allIsDone = true;
        foreach (var worker in _workers.Keys) worker.Tell(new Dismiss());
        if (_workers.Count > 0) Sender.Tell(new WorkersDismissed());
        else _waitsForWorkers = Sender;
    }

    /// <summary>
    /// A coordinator that finds its job done in the journal is done before the workers of the one that died find it.
    /// </summary>
    private void DismissNewcomer()
    {
        Sender.Tell(new Dismiss());
        _waitsForWorkers?.Tell(new WorkersDismissed());
        _waitsForWorkers = null;
    }

    private void OnIntervalPassed()
    {
        Apply(new IntervalPassed());
        if (_job is not null) AwaitInterval();
    }

    /// <summary>One interval at a time: a process that was stopped for a while must not think it heard nothing for long.</summary>
    private void AwaitInterval() =>
        Timers.StartSingleTimer(nameof(IntervalPassed), new IntervalPassed(), ActorHutchSystem.StatusInterval);

    private void OnStartJob(StartJob start)
    {
        if (_job is not null || _opening is not null)
        {
            Sender.Tell(new Status.Failure(new InvalidOperationException("Another job is running.")));
            return;
        }

        if (_journaled) OpenJournal(start);
        else BeginJob(start, Sender, _time.GetTimestamp(), null, null, null);
    }

    private void BeginJob(
        StartJob start, IActorRef client, long now, WriteAhead? ahead, JournalOpened? earlier, ChunkResults? results)
    {
        var transition = JobState.Start(start.Job, start.Spec, start.Policy, _workers.Values, earlier?.Job);
        _job = new RunningJob(client, transition.State, now)
        {
            Ahead = ahead,
            Earlier = earlier,
            Results = results,
            Timeline = start.Policy.KeepsRecord ? new ChunkTimeline(start.Job, earlier?.Job?.Chunks ?? []) : null,
        };
        // Where that is all, nobody else will say that the job began.
        if (results is not null && (_job.State.Phase == JobPhase.Finished || results.TargetReached))
            client.Tell(new JobStarted(_job.State));
        if (LacksWhatItEndedWith(_job))
        {
            var unfinished = earlier! with { Job = earlier.Job! with { Participants = null }, Ended = null };
            BeginJob(start, client, now, ahead, unfinished, results);
            return;
        }

        AwaitInterval();
        Timers.StartPeriodicTimer(nameof(ProgressDue), new ProgressDue(), ProgressInterval);
        Perform(transition.Effects);
        LookAtResults();
    }

    private void Apply(JobEvent happened)
    {
        // A job that is over, and waits for its journal, hears of its workers no more than one that is gone.
        if (_job is null || (_job.State.Phase == JobPhase.Finished && happened is WorkerSaid)) return;
        _job.Timeline?.Note(happened, _job.State.IsDone, SecondsSoFar(_job));
        var transition = _job.State.Apply(happened);
        _job.State = transition.State;
        Perform(transition.Effects);
    }

    private sealed record ProgressDue;
}
