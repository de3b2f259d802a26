using System.Diagnostics.CodeAnalysis;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using ActorHutch.Shared.Wire;
using Akka.Actor;
using Akka.Event;

namespace ActorHutch.GpuWorker.Actors;

/// <summary>
/// One device's worker: registers with the coordinator, prepares replicas and asks for chunks. It speaks the protocol
/// and never computes, so it answers at once; its child does the rest.
/// </summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable",
    Justification = "An actor disposes in PostStop.")]
public sealed class WorkerActor : ReceiveActor, IWithTimers
{
    private readonly WorkerSettings _settings;
    private readonly RegisterWorker _registration;
    private readonly IActorRef _compute;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private IActorRef _coordinator = ActorRefs.Nobody;
    private CancellationTokenSource _cancellation = new();
    private Guid? _job;
    private JobSpec? _spec;
    private string? _refusal;
    private int _dropped;

    /// <summary>A worker; <see cref="Props"/> says what of.</summary>
    /// <remarks>
    /// Stop it with a <see cref="PoisonPill"/>, which waits its turn behind the job's end. A worker that is stopped at
    /// once waits for the chunk that it is at, since a parent outlives its children.
    /// </remarks>
    public WorkerActor(WorkerSettings settings, IReplicaFactory replicas, TimeProvider time)
    {
        _settings = settings;
        _registration = new RegisterWorker(
            settings.Id, Random.Shared.NextInt64(), settings.Device, settings.MemoryBytes, settings.Threads);
        _compute = Context.Watch(Context.ActorOf(ComputeActor.Props(settings, replicas, time), "compute"));
        Registering();
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>How to make a worker.</summary>
    /// <param name="settings">What it is told.</param>
    /// <param name="replicas">Makes its replicas.</param>
    /// <param name="time">Measures its times; the system's where it is null.</param>
    public static Props Props(WorkerSettings settings, IReplicaFactory replicas, TimeProvider? time = null) =>
        Akka.Actor.Props.Create(() => new WorkerActor(settings, replicas, time ?? TimeProvider.System));

    /// <inheritdoc/>
    protected override void PreStart() => Register();

    /// <inheritdoc/>
    protected override void PostStop() => _cancellation.Dispose();

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    private void Registering()
    {
        Receive<RegistrationDue>(_ => Register());
        Receive<WorkerAccepted>(
            accepted => accepted.Incarnation == _registration.Incarnation,
            _ =>
            {
                Timers.Cancel(RegistrationDue.Instance);
                _coordinator = Context.Watch(Sender);
                _log.Info("Worker {Worker} registered with {Coordinator}", _settings.Id, Sender.Path);
                Become(Serving);
            });
        Receive<WorkerRefused>(
            refused => refused.Incarnation == _registration.Incarnation,
            refused => OnRefused(refused.Reason));
        Receive<IJobMessage>(Drop);
        Receive<Terminated>(gone => gone.ActorRef.Equals(_compute), _ => ComputeDied());
    }

    private void Serving()
    {
        Receive<PrepareReplica>(OnPrepare);
        Receive<IJobMessage>(message => message.Job != _job, Drop);
        Receive<RunChunk>(chunk => _compute.Tell(new Compute(chunk, _cancellation.Token)));
        Receive<EndJob>(end => { LeaveJob(); _compute.Tell(new Release(end.Job)); });

        Receive<ReplicaReady>(OnReplicaReady);
        Receive<ReplicaFailed>(Say);
        Receive<ChunkDone>(done => { Say(done); Say(new RequestWork(done.Job, 1)); });
        Receive<ChunkFailed>(failed => { Say(failed); Say(new RequestWork(failed.Job, 1)); });

        Receive<Terminated>(gone => gone.ActorRef.Equals(_compute), _ => ComputeDied());
        Receive<Terminated>(_ => CoordinatorLost());
    }

    private void Register()
    {
        Context.ActorSelection(_settings.Coordinator).Tell(_registration);
        Timers.StartSingleTimer(RegistrationDue.Instance, RegistrationDue.Instance, _settings.RegistrationInterval);
    }

    private void OnPrepare(PrepareReplica request)
    {
        LeaveJob();
        _job = request.Job;
        _spec = request.Spec;
        _compute.Tell(new Prepare(request, _cancellation.Token));
    }

    /// <summary>
    /// It goes on trying, for the coordinator may be replaced by one of this worker's release; one line in the log is
    /// enough for each reason.
    /// </summary>
    private void OnRefused(string reason)
    {
        if (reason == _refusal) return;
        _refusal = reason;
        _log.Error("Worker {Worker} was refused by {Coordinator}: {Reason}", _settings.Id, Sender.Path, reason);
    }

    private void OnReplicaReady(ReplicaReady ready)
    {
        bool remote = _coordinator is IActorRefScope { IsLocal: false };
        if (remote && WireFrame.Check(_spec!, ready.Columns) is { } problem)
        {
            Say(new ReplicaFailed(ready.Job, problem.ToString(), Retriable: false));
            return;
        }

        Say(ready);
        Say(new RequestWork(ready.Job, 1 + _settings.Prefetch));
    }

    /// <summary>Stops what is being computed, and what waits to be, for the job of before.</summary>
    private void LeaveJob()
    {
        // Not disposed of: the computation may be about to look at its token.
        _cancellation.Cancel();
        _cancellation = new CancellationTokenSource();
        _job = null;
    }

    private void CoordinatorLost()
    {
        _log.Log(
            _job is null ? LogLevel.InfoLevel : LogLevel.WarningLevel, null,
            "Worker {Worker} lost its coordinator and looks for it again", _settings.Id);
        LeaveJob();
        _coordinator = ActorRefs.Nobody;
        Become(Registering);
        Register();
    }

    private void ComputeDied() =>
        // Stops this worker too, and the coordinator, which watches it, gives its chunks to others.
        throw new InvalidOperationException($"The computation of worker {_settings.Id} died.");

    private void Drop(IJobMessage message)
    {
        _dropped++;
        _log.Debug(
            "Dropped a stale {Message} of job {Job}; {Dropped} dropped so far",
            message.GetType().Name, message.Job, _dropped);
    }

    private void Say(IWorkerMessage message) => _coordinator.Tell(message, Self);

    private sealed record RegistrationDue
    {
        public static RegistrationDue Instance { get; } = new();
    }
}
