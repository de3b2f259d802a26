using System.Diagnostics.CodeAnalysis;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.Shared.Actors;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using ActorHutch.Shared.Wire;
using Akka.Actor;
using Akka.Event;
using Akka.Streams;

namespace ActorHutch.GpuWorker.Actors;

/// <summary>
/// One device's worker: registers with the coordinator, prepares replicas and asks for chunks. It speaks the protocol
/// and never computes, so it answers at once; its child does the rest.
/// </summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable",
    Justification = "The computation may be about to look at its token, and it holds nothing that is not garbage.")]
public sealed partial class WorkerActor : HandlerActor, IWithTimers
{
    private readonly WorkerSettings _settings;
    private readonly Dictionary<ChunkAttempt, Compute> _chunks = [];
    private readonly RegisterWorker _registration;
    private readonly IActorRef _compute;
    private readonly FileBringer _files;
    private readonly Lazy<IMaterializer> _materializer;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private IActorRef _coordinator = ActorRefs.Nobody;
    private volatile CancellationTokenSource _cancellation = new();
    private string? _coordinatorPath;
    private Guid? _job;
    private bool _hasReplica;
    private JobSpec? _spec;
    private string? _refusal;
    private string _step = "";
    private int _dropped;
    private long _progress;

    /// <summary>A worker; <see cref="Props"/> says what of.</summary>
    /// <remarks>
    /// Stop it with a <see cref="PoisonPill"/>, which waits its turn behind the job's end. A worker that is stopped at
    /// once waits for the chunk that it is at, since a parent outlives its children.
    /// </remarks>
    public WorkerActor(WorkerSettings settings, IReplicaFactory replicas, TimeProvider time, long incarnation)
    {
        _settings = settings;
        _registration = new RegisterWorker(
            settings.Id, incarnation, settings.Device, settings.MemoryBytes, settings.Threads, settings.Kind);
        _coordinatorPath = settings.Coordinator;
        var system = Context.System;
        _materializer = new Lazy<IMaterializer>(() => system.Materializer());
        _files = new FileBringer(settings, _materializer, time, Progressed);
        // A node that goes stops its children first, and this one may be waiting for data that nobody sends any more.
        CoordinatedShutdown.Get(system).AddTask(CoordinatedShutdown.PhaseBeforeActorSystemTerminate, $"leave the job of {settings.Id}", () =>
        {
            _cancellation.Cancel();
            return Task.FromResult(Akka.Done.Instance);
        });
        _compute = Context.Watch(Context.ActorOf(ComputeActor.Props(settings, replicas, time), "compute"));
        Registering();
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>How to make a worker.</summary>
    /// <param name="settings">What it is told.</param>
    /// <param name="replicas">Makes its replicas.</param>
    /// <param name="time">Measures its times; the system's where it is null.</param>
    /// <param name="incarnation">Tells this life of it from others; a random number where it is null.</param>
    public static Props Props(
        WorkerSettings settings, IReplicaFactory replicas, TimeProvider? time = null, long? incarnation = null)
    {
        long life = incarnation ?? Random.Shared.NextInt64();
        return ActorProps.Of(() => new WorkerActor(settings, replicas, time ?? TimeProvider.System, life));
    }

    /// <inheritdoc/>
    protected override void PreStart()
    {
        Register();
        Timers.StartPeriodicTimer(nameof(StatusDue), new StatusDue(), _settings.StatusInterval);
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        if (_job is not null) LogDone();
        LogFetched();
    }

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    private void Registering()
    {
        Receive<RegistrationDue>(_ => Register());
        Receive<CoordinatorFound>(found => { _coordinatorPath = found.Path; Register(); });
        Receive<Leave>(_ => Context.Stop(Self));
        Receive<StatusDue>(_ => { });
        Receive<RegisterAgain>(_ => { });
        Receive<Dismiss>(OnDismiss);
        Receive<WorkerAccepted>(
            accepted => accepted.Incarnation == _registration.Incarnation,
            _ =>
            {
                Timers.Cancel(RegistrationDue.Instance);
                _coordinator = Context.Watch(Sender);
                _log.Log(LevelBesideCoordinator, null, "Worker {Worker} registered with {Coordinator}", _settings.Id, Sender.Path);
                Become(Serving);
            });
        Receive<WorkerRefused>(
            refused => refused.Incarnation == _registration.Incarnation,
            refused => OnRefused(refused.Reason));
        Receive<IJobMessage>(Drop);
        Receive<FilesBrought>(OnFilesBrought);
        Receive<FilesMissing>(_ => { });
        Receive<Preparing>(_ => { });
        Receive<ReplicaLost>(_ => { });
        Receive<Terminated>(gone => gone.ActorRef.Equals(_compute), _ => ComputeDied());
    }

    private void Serving()
    {
        Receive<PrepareReplica>(OnPrepare);
        Receive<FilesBrought>(OnFilesBrought);
        Receive<FilesMissing>(OnFilesMissing);
        Receive<Preparing>(preparing => preparing.Job == _job, preparing => { _step = preparing.Step; Progressed(); });
        Receive<Preparing>(_ => { });
        Receive<ReplicaLost>(OnReplicaLost);
        Receive<IJobMessage>(message => message.Job != _job, Drop);
        Receive<RunChunk>(OnRunChunk);
        Receive<EndJob>(end => { LogDone(); LeaveJob(); _compute.Tell(new Release(end.Job)); });

        Receive<ReplicaReady>(OnReplicaReady);
        Receive<ReplicaFailed>(OnReplicaFailed);
        Receive<VectorsBrought>(OnVectorsBrought);
        Receive<RequestBlob>(OnRequestBlob);
        Receive<Delivered>(OnDelivered);
        Receive<ChunkDone>(done => OnDone(done, OnAnswer));
        Receive<ChunkFailed>(failed => OnAnswer(failed, new ChunkAttempt(failed.Chunk, failed.Attempt)));

        Receive<StatusDue>(_ =>
        {
            OfferAgain();
            Say(Status(Capacity));
        });
        Receive<Leave>(_ => OnLeave());
        Receive<RegisterAgain>(_ => CoordinatorLost());
        Receive<CoordinatorFound>(OnCoordinatorFound);
        Receive<Dismiss>(OnDismiss);
        Receive<Terminated>(gone => gone.ActorRef.Equals(_compute), _ => ComputeDied());
        Receive<Terminated>(gone => gone.ActorRef.Equals(_coordinator), _ => CoordinatorLost());
        Receive<Terminated>(_ => { });
    }

    /// <summary>It finishes the chunk that it has begun, and stops.</summary>
    private void Leaving()
    {
        Receive<IJobMessage>(message => message.Job != _job, Drop);
        Receive<RequestBlob>(OnRequestBlob);
        Receive<Delivered>(delivered => AttemptsOf(delivered).ForEach(Finished));
        Receive<StatusDue>(_ => OfferAgain());
        Receive<ChunkDone>(done => OnDone(done, (_, attempt) => { Say(done); Finished(attempt); }));
        Receive<ChunkFailed>(failed => { Say(failed); Finished(new ChunkAttempt(failed.Chunk, failed.Attempt)); });
        Receive<EndJob>(_ => Context.Stop(Self));
        Receive<Terminated>(_ =>
        {
            _cancellation.Cancel();
            Context.Stop(Self);
        });
        ReceiveAny(_ => { });
    }

    private int Capacity => 1 + _settings.Prefetch;

    private WorkerStatus Status(int capacity) =>
        new(_job ?? Guid.Empty, _hasReplica, capacity, [.. _chunks.Keys], Interlocked.Read(ref _progress)) { Step = _step };

    private void Progressed() => Interlocked.Increment(ref _progress);

    private void OnRunChunk(RunChunk chunk)
    {
        var compute = new Compute(chunk, _cancellation.Token);
        _chunks[new ChunkAttempt(chunk.Chunk, chunk.Attempt)] = compute;
        if (chunk.VectorsBlob is { } blob) BringVectors(chunk, blob);
        else _compute.Tell(compute);
    }

    private void OnReplicaFailed(ReplicaFailed failed)
    {
        _step = "";
        // The coordinator logs it too.
        _log.Log(
            LevelBesideCoordinator, null, "Worker {Worker} cannot serve job {Job}: {Reason}", _settings.Id, failed.Job, failed.What);
        Say(failed);
    }

    private void OnAnswer(IWorkerMessage answer, ChunkAttempt attempt)
    {
        if (answer is ChunkFailed failed)
        {
            // The coordinator, which decides what becomes of it, warns.
            _log.Log(
                LevelBesideCoordinator, null, "Worker {Worker} failed at chunk {Chunk} of job {Job} in attempt {Attempt}: {Reason}", _settings.Id, failed.Chunk, failed.Job, failed.Attempt, failed.What);
        }
        else if (_log.IsDebugEnabled)
        {
            _log.Debug(
                "Worker {Worker} computed chunk {Chunk} of job {Job} in attempt {Attempt}",
                _settings.Id, attempt.Chunk, _job, attempt.Attempt);
        }

        Say(answer);
        OnAnswered(attempt);
    }

    /// <summary>The coordinator has the answer, as far as that can be known.</summary>
    private void OnAnswered(ChunkAttempt attempt)
    {
        if (!_chunks.Remove(attempt) || _job is not { } job) return;
        Progressed();
        Say(new RequestWork(job, 1));
    }

    private void OnLeave()
    {
        foreach (var (attempt, chunk) in _chunks.ToArray())
        {
            if (chunk.TryClaim()) _chunks.Remove(attempt);
        }

        Say(Status(capacity: 0));
        _log.Info("Worker {Worker} leaves; {Chunks} to finish", _settings.Id, _chunks.Count);
        if (_chunks.Count == 0) Context.Stop(Self);
        else Become(Leaving);
    }

    /// <summary>
    /// What it was at when it was told to leave is one thing, and what waits to be fetched another. That a stream has broken off travels
    /// faster than its last pieces, so whoever gave one stays a little longer.
    /// </summary>
    private void Finished(ChunkAttempt attempt)
    {
        _chunks.Remove(attempt);
        if (_chunks.Count > 0) return;
        if (_offered.Count == 0) Context.Stop(Self);
        else Timers.StartSingleTimer(nameof(PoisonPill), PoisonPill.Instance, Linger);
    }

    private void OnDismiss(Dismiss dismissed) => Context.System.EventStream.Publish(dismissed);

    private void OnCoordinatorFound(CoordinatorFound found)
    {
        bool another = found.Path != _coordinatorPath;
        _coordinatorPath = found.Path;
        if (another) CoordinatorLost();
    }

    private void Register()
    {
        if (_coordinatorPath is not null) Context.ActorSelection(_coordinatorPath).Tell(_registration);
        Timers.StartSingleTimer(RegistrationDue.Instance, RegistrationDue.Instance, _settings.RegistrationInterval);
    }

    private void OnPrepare(PrepareReplica request)
    {
        LeaveJob();
        _job = request.Job;
        Context.System.EventStream.Publish(new ReplicaState(_settings.Id, Verified: false));
        _spec = request.Spec;
        var (self, cancellation) = (Self, _cancellation.Token);
        void Begins(InputFile file) => self.Tell(new Preparing(request.Job, $"fetching or checking {file.Name}"));
        var source = _files.Begin(BlobsOf(_coordinator), cancellation);
        Context.System.Dispatchers.DefaultGlobalDispatcher.RunAsync(() => _files.BringAsync(request.Spec.Risk, source, Begins)).PipeTo(
            self,
            success: brought => new FilesBrought(request, brought, cancellation),
            failure: error => new FilesMissing(new ReplicaFailed(request.Job, error.Message, Retriable: true), cancellation));
    }

    private static ActorSelection BlobsOf(IActorRef coordinator) => Context.ActorSelection(
        new RootActorPath(coordinator.Path.Address).ToString().TrimEnd('/') + BlobActor.Path);

    private void OnFilesBrought(FilesBrought brought)
    {
        // Of a job that it has left meanwhile.
        if (brought.Cancellation.IsCancellationRequested) brought.Files.Files.Dispose();
        else _compute.Tell(new Prepare(brought.Request, brought.Files.Files, brought.Files.Seconds, brought.Cancellation));
    }

    private void OnFilesMissing(FilesMissing missing)
    {
        if (!missing.Cancellation.IsCancellationRequested) OnReplicaFailed(missing.Failed);
    }

    /// <summary>Its next status says that it has no replica, and the coordinator has it make another one.</summary>
    private void OnReplicaLost(ReplicaLost lost)
    {
        if (lost.Job != _job) return;
        _hasReplica = false;
        _chunks.Clear();
        Context.System.EventStream.Publish(new ReplicaState(_settings.Id, Verified: false));
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
        // One value a parameter travels as a blob.
        if (IsRemote && (ready.Shapes.Count == 0 ? WireFrame.Check(_spec!, ready.Columns) : WireFrame.CheckVectors(_spec!, ready.Columns)) is { } problem)
        {
            Say(new ReplicaFailed(ready.Job, problem.ToString(), Retriable: false));
            return;
        }

        _hasReplica = true;
        _step = "";
        _log.Log(
            LevelBesideCoordinator, null, "Worker {Worker} is ready for job {Job} after {WarmUpSeconds} s", _settings.Id,
            ready.Job, Math.Round(ready.WarmUpSeconds, 3));
        Context.System.EventStream.Publish(new ReplicaState(_settings.Id, Verified: true));
        Say(ready);
        Say(new RequestWork(ready.Job, Capacity));
    }

    /// <summary>Stops what is being computed, and what waits to be, for the job of before.</summary>
    private void LeaveJob()
    {
        // Not disposed of: the computation may be about to look at its token.
        _cancellation.Cancel();
        _cancellation = new CancellationTokenSource();
        LogFetched();
        _chunks.Clear();
        _done = default;
        ForgetVectors();
        _hasReplica = false;
        _step = "";
        _job = null;
    }

    private void CoordinatorLost()
    {
        _log.Log(
            // Without a job nothing is lost, and the node tells what it does.
            _job is null ? LogLevel.DebugLevel : LogLevel.WarningLevel, null,
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

    private sealed record FilesBrought(PrepareReplica Request, BroughtFiles Files, CancellationToken Cancellation);

    private sealed record FilesMissing(ReplicaFailed Failed, CancellationToken Cancellation);

    private sealed record StatusDue;

    private sealed record RegistrationDue
    {
        public static RegistrationDue Instance { get; } = new();
    }
}
