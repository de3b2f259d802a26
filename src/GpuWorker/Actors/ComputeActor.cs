using ActorHutch.Curvature;
using ActorHutch.Curvature.Operators;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.GpuWorker.Running;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using Akka.Actor;
using Akka.Event;

namespace ActorHutch.GpuWorker.Actors;

/// <summary>
/// Owns a worker's replica and computes with it, on a thread of its own: native computation blocks, and libtorch keeps
/// state per thread. It answers its parent, which speaks the protocol.
/// </summary>
internal sealed class ComputeActor : ReceiveActor
{
    private readonly WorkerSettings _settings;
    private readonly IReplicaFactory _replicas;
    private readonly TimeProvider _time;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private ReplicaKey? _key;
    private IReplica? _replica;
    private ReplicaFiles? _files;
    private PrepareReplica? _prepared;
    private IQuadraticForm? _form;
    private Guid _job;
    private long? _idleSince;

    public ComputeActor(WorkerSettings settings, IReplicaFactory replicas, TimeProvider time)
    {
        _settings = settings;
        _replicas = replicas;
        _time = time;
        Receive<Prepare>(OnPrepare);
        Receive<Compute>(OnCompute);
        Receive<Release>(message => { if (message.Job == _job) LeaveJob(); });
    }

    public static Props Props(WorkerSettings settings, IReplicaFactory replicas, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new ComputeActor(settings, replicas, time))
            .WithDispatcher(ActorHutchSystem.ComputeDispatcher);

    protected override void PostStop() => DisposeReplica();

    private void OnPrepare(Prepare prepare)
    {
        var (request, cancellation) = (prepare.Request, prepare.Cancellation);
        if (cancellation.IsCancellationRequested)
        {
            prepare.Files.Dispose();
            return;
        }

        void Say(string step) => Context.Parent.Tell(new Preparing(request.Job, step));
        try
        {
            long start = _time.GetTimestamp();
            LeaveJob();
            _job = request.Job;
            Say("loading the model");
            var replica = ReplicaFor(request.Spec, prepare.Files);
            Say("checking the loss");
            replica.CheckDeterminism();
            _form = replica.QuadraticForm(OptionsOf(request));
            Say("warming up");
            var first = _form.WarmUp(cancellation);
            _prepared = prepare.Request;
            // Before its first chunk the worker waits for the job to begin, which is not for want of a chunk.
            _idleSince = null;
            WorkerMetrics.Computed(_settings.Id, 0, 0, 0);
            Context.Parent.Tell(new ReplicaReady(
                request.Job, replica.Model, _form.Method, _form.MethodReason, [.. _form.Blocks], _form.BasisCount,
                _time.GetElapsedTime(start).TotalSeconds, prepare.TransferSeconds, first.Digest));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            _log.Debug("Preparing job {Job} was cancelled", request.Job);
        }
        catch (Exception error)
        {
            if (error is FileChangedException) DisposeReplica();
            Context.Parent.Tell(new ReplicaFailed(request.Job, Describe(error), IsThisMachines(error)));
        }
    }

    /// <summary>The replica of before, where it serves; else a new one.</summary>
    private IReplica ReplicaFor(JobSpec spec, ReplicaFiles files)
    {
        var key = new ReplicaKey(spec.Risk, spec.Dtype, _settings.Device, _settings.Threads);
        if (_replica is not null && key == _key)
        {
            files.Dispose();
            return _replica;
        }

        DisposeReplica();
        _files = files;
        _replica = _replicas.Create(key, files);
        _key = key;
        return _replica;
    }

    private static CurvatureOptions OptionsOf(PrepareReplica request) => request.Spec.CurvatureOptions(request.MemoryBudget);

    private void OnCompute(Compute compute)
    {
        var (request, cancellation) = (compute.Request, compute.Cancellation);
        if (cancellation.IsCancellationRequested || _prepared is null || request.Job != _job || !compute.TryClaim()) return;

        long start = _time.GetTimestamp();
        double waited = _idleSince is { } since ? _time.GetElapsedTime(since, start).TotalSeconds : 0;
        try
        {
            var values = request.InBothPrecisions
                ? InBothPrecisions(request, _prepared, cancellation)
                : (_form ??= _replica!.QuadraticForm(OptionsOf(_prepared)))
                    .Evaluate(request.FirstProbe, request.Count, cancellation);
            double computed = _time.GetElapsedTime(start).TotalSeconds;
            if (!request.InBothPrecisions) WorkerMetrics.Computed(_settings.Id, request.Count, computed, waited);
            Context.Parent.Tell(
                new ChunkDone(request.Job, request.Chunk, request.Attempt, values, computed, waited));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            _log.Debug("Chunk {Chunk} was cancelled", request.Chunk);
        }
        catch (Exception error)
        {
            Context.Parent.Tell(new ChunkFailed(
                request.Job, request.Chunk, request.Attempt, Describe(error), IsThisMachines(error)));
            if (error is FileChangedException)
            {
                DisposeReplica();
                Context.Parent.Tell(new ReplicaLost(request.Job));
            }
        }

        _idleSince = _time.GetTimestamp();
    }

    /// <summary>
    /// Random probes in the job's precision, and the same in double precision. The job's own form makes room for either, and is
    /// made again for the next chunk.
    /// </summary>
    private ProbeValues InBothPrecisions(RunChunk request, PrepareReplica prepared, CancellationToken cancellation)
    {
        var spec = prepared.Spec;
        var options = OptionsOf(prepared) with { Distribution = spec.Distribution };
        DisposeForm();
        double[] inDouble;
        using (var reference = _replicas.Create(_key! with { Dtype = Dtype.Float64, HasSingleNumbers = true }, _files!))
        using (var form = reference.QuadraticForm(options))
            inDouble = Evaluate(form);

        if (spec.Kind == JobKind.Estimate) return Both(Evaluate(_form = _replica!.QuadraticForm(options)));
        using (var form = _replica!.QuadraticForm(options)) return Both(Evaluate(form));

        double[] Evaluate(IQuadraticForm form) =>
            form.Evaluate(request.FirstProbe, request.Count, cancellation).Values.ToArray();
        ProbeValues Both(double[] values) =>
            new(request.FirstProbe, values.Length / request.Count, [.. values, .. inDouble]);
    }

    /// <summary>
    /// Whether another machine may fare better: what is wrong with a model or with data is wrong everywhere, and a disk that
    /// cannot be read or is full is this one's.
    /// </summary>
    private static bool IsThisMachines(Exception error)
    {
        bool itIs = error is not CurvatureException;
        for (var cause = error; cause is not null && !itIs; cause = cause.InnerException)
            itIs = cause is MachineException or UnauthorizedAccessException or (IOException and not EndOfStreamException);
        return itIs;
    }

    /// <summary>A message for the user is passed on as it is; anything else says what it is.</summary>
    private static string Describe(Exception error) =>
        error is CurvatureException ? error.Message : $"{error.GetType().Name}: {error.Message}";

    private void DisposeReplica()
    {
        LeaveJob();
        _replica?.Dispose();
        _replica = null;
        _files?.Dispose();
        _files = null;
    }

    private void LeaveJob()
    {
        DisposeForm();
        _prepared = null;
    }

    private void DisposeForm()
    {
        _form?.Dispose();
        _form = null;
    }
}
