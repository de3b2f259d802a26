using ActorHutch.Coordinator.Journal;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using ActorHutch.Shared.Wire;
using Akka.Actor;
using Akka.Event;

namespace ActorHutch.Coordinator.Actors;

/// <summary>
/// Knows the workers and runs jobs, one after another. It decides nothing: <see cref="JobState"/> does, and this actor
/// performs the effects.
/// </summary>
internal sealed partial class CoordinatorActor : ReceiveActor, IWithTimers
{
    private const int MaxRefusalsLogged = 1000;
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<IActorRef, (WorkerKey Key, string Device)> _workers = [];
    private readonly Dictionary<WorkerKey, IActorRef> _addresses = [];
    private readonly bool _journaled;
    private readonly HashSet<string> _refused = [];
    private RunningJob? _job;
    private OpeningJob? _opening;

    public CoordinatorActor(TimeProvider time, bool journaled)
    {
        _time = time;
        _journaled = journaled;
        Receive<RegisterWorker>(OnRegisterWorker);
        ReceiveFromJournal();
        Receive<Terminated>(gone => OnLost(gone.ActorRef, "it stopped"));
        Receive<IJobMessage>(OnWorkerSaid);
        Receive<StartJob>(OnStartJob);
        Receive<InterruptJob>(interrupt => interrupt.Job == _job?.State.Job, _ => Apply(new InterruptRequested()));
        Receive<InterruptJob>(interrupt => _opening?.Interrupt(interrupt.Job));
        Receive<WorkerWaitOver>(Apply);
        Receive<ProgressDue>(_ => TellProgress());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>How to make a coordinator.</summary>
    /// <param name="time">Measures its times; the system's where it is null.</param>
    /// <param name="journaled">Whether it keeps a journal, for which the actor system must be configured.</param>
    public static Props Props(TimeProvider? time = null, bool journaled = false) =>
        Akka.Actor.Props.Create(() => new CoordinatorActor(time ?? TimeProvider.System, journaled));

    private void OnRegisterWorker(RegisterWorker registration)
    {
        if (ProtocolVersion.Refusal(registration) is { } refusal)
        {
            Refuse(registration, refusal);
            return;
        }

        var key = new WorkerKey(registration.Id, registration.Incarnation);
        foreach (var (address, worker) in _workers.ToArray())
        {
            // Another life of this worker, which has not been noticed to be over.
            if (worker.Key.Id == key.Id && !address.Equals(Sender)) OnLost(address, "it was started again");
        }

        if (!_workers.ContainsKey(Sender)) Context.Watch(Sender);
        _workers[Sender] = (key, registration.Device);
        _addresses[key] = Sender;
        _log.Info("Worker {Worker} on {Device} registered", key.Id, registration.Device);
        Sender.Tell(new WorkerAccepted(registration.Incarnation));
        Apply(new WorkerRegistered(key, registration.Device));
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
        _addresses.Remove(worker.Key);
        _log.Log(
            _job is null ? LogLevel.InfoLevel : LogLevel.WarningLevel, null,
            "Worker {Worker} is lost: {Reason}", worker.Key.Id, reason);
        Apply(new WorkerLost(worker.Key, reason));
    }

    private void OnWorkerSaid(IJobMessage message)
    {
        var worker = _workers.TryGetValue(Sender, out var known)
            ? known.Key
            : new WorkerKey(Sender.Path.ToString(), 0);
        Apply(new WorkerSaid(worker, message));
    }

    private void OnStartJob(StartJob start)
    {
        if (_job is not null || _opening is not null)
        {
            Sender.Tell(new Status.Failure(new InvalidOperationException("Another job is running.")));
            return;
        }

        if (_journaled) OpenJournal(start);
        else BeginJob(start, Sender, _time.GetTimestamp(), null, null);
    }

    private void BeginJob(StartJob start, IActorRef client, long now, WriteAhead? ahead, JournalOpened? earlier)
    {
        var workers = _workers.Values.Select(worker => KeyValuePair.Create(worker.Key, worker.Device));
        var transition = JobState.Start(start.Job, start.Spec, start.Policy, workers, earlier?.Job);
        _job = new RunningJob(client, transition.State, now) { Ahead = ahead, Earlier = earlier };
        MergeEarlier(_job);
        if (LacksWhatItEndedWith(_job))
        {
            BeginJob(start, client, now, ahead, earlier! with { Job = earlier.Job! with { Participants = null }, Ended = null });
            return;
        }

        Perform(transition.Effects);
        if (_job?.Results is { TargetReached: true }) Apply(new TargetReached());
    }

    private void Apply(JobEvent happened)
    {
        // A job that is over, and waits for its journal, hears of its workers no more than one that is gone.
        if (_job is null || (_job.State.Phase == JobPhase.Finished && happened is WorkerSaid)) return;
        var transition = _job.State.Apply(happened);
        _job.State = transition.State;
        Perform(transition.Effects);
    }

    private void Perform(IReadOnlyList<Effect> effects)
    {
        var job = _job!;
        var answers = new List<JobEvent>();
        foreach (var effect in effects)
        {
            if (HoldsBack(effect, job)) continue;
            if (Perform(effect, job) is { } answer) answers.Add(answer);
        }

        answers.ForEach(Apply);
    }

    /// <summary>Performs one effect; returns the event it leads to, if any.</summary>
    private JobEvent? Perform(Effect effect, RunningJob job)
    {
        switch (effect)
        {
            case Send send:
                // A worker that is gone gets nothing; that it is gone is an event of its own.
                if (_addresses.TryGetValue(send.Worker, out var address)) address.Tell(send.Message);
                return null;
            case Begin:
                job.FirstChunk = _time.GetTimestamp();
                if (job.Results is null) job.Ahead?.Write(new ReplicaAgreed(job.State.Replica!));
                job.Results ??= new ChunkResults(job.State.Spec, job.State.Replica!.Blocks);
                job.Client.Tell(new JobStarted(job.State));
                Timers.StartPeriodicTimer(nameof(ProgressDue), new ProgressDue(), ProgressInterval);
                return null;
            case Accept accept:
                job.Results!.Accept(accept.Chunk, accept.Worker, accept.Values);
                return job.Results.TargetReached ? new TargetReached() : null;
            case Compare compare:
                var compared = job.Results!.Compare(compare.Chunk, compare.Worker, compare.Values);
                if (!compared.Agree)
                {
                    _log.Error("Workers {First} and {Second} disagree about chunk {Chunk}",
                        compared.First.Id, compared.Second.Id, compared.Chunk);
                }

                return compared;
            case StartWorkerWait wait:
                Timers.StartSingleTimer(nameof(WorkerWaitOver), new WorkerWaitOver(), wait.Time);
                return null;
            case StopWorkerWait:
                Timers.Cancel(nameof(WorkerWaitOver));
                return null;
            case Finish finish:
                OnFinish(job, finish.Outcome);
                return null;
            default:
                throw new InvalidOperationException($"No way to perform {effect.GetType().Name}.");
        }
    }

    private void OnFinish(RunningJob job, JobOutcome outcome)
    {
        Timers.Cancel(nameof(ProgressDue));
        long now = _time.GetTimestamp();
        long firstChunk = job.FirstChunk ?? now;
        var accumulator = job.Results?.Accumulator;
        // The last chunk of all may be the one that satisfied the stopping rule.
        if (outcome.End == JobEnd.Completed && job.Results is { TargetReached: true })
            outcome = new JobOutcome(JobEnd.TargetReached);

        _log.Info("Job {Job} ended: {End}", job.State.Job, outcome.End);
        bool exact = job.State.Spec.Kind == JobKind.Exact;
        Deliver(job, new JobResult(
            job.State with { Outcome = outcome },
            !exact && accumulator is { Count: > 0 } ? accumulator.Estimate(job.State.Spec.ConfidenceLevel) : null,
            exact && outcome.End == JobEnd.Completed ? accumulator!.Sum() : null,
            job.Earlier?.Ended?.Setup ?? _time.GetElapsedTime(job.Start, firstChunk),
            job.Earlier?.Ended?.Elapsed ?? Elapsed(job, now)));
    }

    private void TellProgress()
    {
        if (_job is not { Results: { } results, FirstChunk: not null } job) return;
        var (spec, state) = (job.State.Spec, job.State);
        var estimate = spec.Kind == JobKind.Exact || results.Accumulator.Count == 0
            ? null
            : results.Accumulator.Estimate(spec.ConfidenceLevel);
        long probes = Math.Min(state.Done.Count * spec.ChunkSize, state.Probes);
        // With a target, V is a bound against runaways and says nothing about how far the job is.
        double needed = estimate is not null && spec.RelativeError is { } error
            ? StoppingRule.ProbesNeeded(estimate, error) : double.NaN;
        long total = needed < state.Probes ? Math.Max((long)needed, probes) : state.Probes;
        job.Client.Tell(new JobProgress(probes, total, Elapsed(job, _time.GetTimestamp()), estimate));
    }

    private sealed record ProgressDue;

    private sealed class RunningJob(IActorRef client, JobState state, long start)
    {
        public IActorRef Client => client;

        public JobState State { get; set; } = state;

        public ChunkResults? Results { get; set; }

        public long Start => start;

        public long? FirstChunk { get; set; }

        /// <summary>What has to be written before it counts; null without a journal.</summary>
        public WriteAhead? Ahead { get; set; }

        /// <summary>What earlier runs left in the journal; null without one.</summary>
        public JournalOpened? Earlier { get; init; }
    }
}
