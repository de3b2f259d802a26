using ActorHutch.Curvature;
using ActorHutch.Curvature.Operators;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.GpuWorker.Running;
using ActorHutch.Shared.Blobs;
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
        Receive<Release>(message => { if (message.Job == _job) DisposeForm(); });
    }

    public static Props Props(WorkerSettings settings, IReplicaFactory replicas, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new ComputeActor(settings, replicas, time))
            .WithDispatcher(ActorHutchSystem.ComputeDispatcher);

    protected override void PostStop()
    {
        DisposeForm();
        _replica?.Dispose();
    }

    private void OnPrepare(Prepare prepare)
    {
        var (request, cancellation) = (prepare.Request, prepare.Cancellation);
        if (cancellation.IsCancellationRequested) return;
        try
        {
            long start = _time.GetTimestamp();
            DisposeForm();
            _job = request.Job;
            var replica = ReplicaFor(request.Spec, prepare.Files);
            replica.CheckDeterminism();
            _form = replica.QuadraticForm(request.Spec.CurvatureOptions(request.MemoryBudget));
            var first = WarmUp(_form, request.Spec, cancellation);
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
            Context.Parent.Tell(new ReplicaFailed(request.Job, Describe(error), IsThisMachines(error)));
        }
    }

    /// <summary>The replica of before, where it serves; else a new one.</summary>
    private IReplica ReplicaFor(JobSpec spec, IReadOnlyDictionary<BlobId, string> files)
    {
        var key = new ReplicaKey(spec.Risk, spec.Dtype, _settings.Device, _settings.Threads);
        if (_replica is not null && key == _key) return _replica;

        _replica?.Dispose();
        _replica = null;
        _replica = _replicas.Create(key, files);
        _key = key;
        return _replica;
    }

    /// <summary>
    /// The first computation of a shape allocates memory and picks kernels; no chunk's timing should show that. One
    /// probe is enough where probes are computed one by one.
    /// </summary>
    private static ProbeValues WarmUp(IQuadraticForm form, JobSpec spec, CancellationToken cancellation)
    {
        long count = form.Method == CurvatureMethod.Autodiff ? 1 : spec.ChunkSize;
        if (spec.Kind == JobKind.Exact) count = Math.Min(count, form.BasisCount);
        return form.Evaluate(0, (int)count, cancellation);
    }

    private void OnCompute(Compute compute)
    {
        var (request, cancellation) = (compute.Request, compute.Cancellation);
        if (cancellation.IsCancellationRequested || _form is null || request.Job != _job || !compute.TryClaim()) return;

        long start = _time.GetTimestamp();
        double waited = _idleSince is { } since ? _time.GetElapsedTime(since, start).TotalSeconds : 0;
        try
        {
            var values = _form.Evaluate(request.FirstProbe, request.Count, cancellation);
            double computed = _time.GetElapsedTime(start).TotalSeconds;
            WorkerMetrics.Computed(_settings.Id, request.Count, computed, waited);
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
        }

        _idleSince = _time.GetTimestamp();
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

    private void DisposeForm()
    {
        _form?.Dispose();
        _form = null;
    }
}
