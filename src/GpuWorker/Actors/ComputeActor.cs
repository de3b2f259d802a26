using ActorHutch.Curvature;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.Shared.Actors;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using ActorHutch.Shared.Options;
using Akka.Actor;
using Akka.Event;

namespace ActorHutch.GpuWorker.Actors;

/// <summary>
/// Owns a worker's replica and computes with it, on a thread of its own: native computation blocks, and libtorch keeps
/// state per thread. It answers its parent, which speaks the protocol.
/// </summary>
internal sealed class ComputeActor : HandlerActor
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
    private ProbeSpace? _space;
    private GivenVectors? _vectors;
    private Comparison? _comparison;
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
        ActorProps.Of(() => new ComputeActor(settings, replicas, time))
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
            _space = null;
            _vectors = request.Spec.Estimator.TakesTurns ? new GivenVectors(request.Spec.ChunkSize) : null;
            _form = replica.QuadraticForm(OptionsOf(request));
            _space = _form.ProbeSpace;
            Say("warming up");
            var first = _form.WarmUp(cancellation);
            _prepared = prepare.Request;
            // Before its first chunk the worker waits for the job to begin, which is not for want of a chunk.
            _idleSince = null;
            WorkerMetrics.Computed(_settings.Id, 0, 0, 0);
            Context.Parent.Tell(new ReplicaReady(
                request.Job, replica.Model, _form.Method, _form.MethodReason, [.. _form.Blocks], _form.BasisCount,
                _time.GetElapsedTime(start).TotalSeconds, prepare.TransferSeconds, first.Digest)
            {
                ShardSize = _form.ShardSize,
                Shapes = _form.Shapes,
                Sizes = _form.Blocks.All(replica.Sizes.ContainsKey) ? [.. _form.Blocks.Select(block => replica.Sizes[block])] : [],
                ProbeSpace = _form.ProbeSpace,
            });
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

    private CurvatureOptions OptionsOf(PrepareReplica request)
    {
        var options = request.Spec.CurvatureOptions(request.MemoryBudget);
        return options with
        {
            Vectors = _vectors,
            // Once it was picked, it is the job's.
            ProbeSpace = _space ?? options.ProbeSpace,
            KeptMemory = (options.MemoryBudget ?? CurvatureOptions.DefaultMemoryBudget) / _settings.WorkersHere,
        };
    }

    private void OnCompute(Compute compute)
    {
        var (request, cancellation) = (compute.Request, compute.Cancellation);
        if (cancellation.IsCancellationRequested || _prepared is null || request.Job != _job || !compute.TryClaim()) return;

        long start = _time.GetTimestamp();
        double waited = _idleSince is { } since ? _time.GetElapsedTime(since, start).TotalSeconds : 0;
        try
        {
            // Without them, random ones would be multiplied.
            if (_vectors is not null) _vectors.Rows = request.Vectors ?? throw new InvalidOperationException("The chunk came without its vectors.");
            var values = request.InBothPrecisions
                ? InBothPrecisions(request, _prepared, cancellation)
                : (_form ??= _replica!.QuadraticForm(OptionsOf(_prepared))).Evaluate(request.Tile, request.Keeps, cancellation);
            double computed = _time.GetElapsedTime(start).TotalSeconds;
            if (!request.InBothPrecisions) WorkerMetrics.Computed(_settings.Id, request.Tile.Probes, computed, waited);
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
                request.Job, request.Chunk, request.Attempt, Describe(error), IsThisMachines(error))
            { IsOfInput = error is SamplesException });
            if (error is FileChangedException)
            {
                DisposeReplica();
                Context.Parent.Tell(new ReplicaLost(request.Job));
            }
        }

        _idleSince = _time.GetTimestamp();
    }

    /// <summary>
    /// Random probes of one shard in the job's precision, and the same in double precision. Where there is one shard, the job's
    /// own form makes room for either, and is made again for the next chunk.
    /// </summary>
    private ProbeValues InBothPrecisions(RunChunk request, PrepareReplica prepared, CancellationToken cancellation)
    {
        var options = OptionsOf(prepared) with { Distribution = prepared.Spec.Distribution };
        if (request.Tile.Samples < _replica!.Model.Samples)
        {
            _comparison ??= Compared(options);
            return Both(Evaluate(_comparison.Single), Evaluate(_comparison.Double));
        }

        DisposeForm();
        ProbeValues inDouble;
        using (var reference = Reference())
        using (var form = reference.QuadraticForm(options))
            inDouble = Evaluate(form);
        // Where the job's own probes are random, they are the same.
        if (options == OptionsOf(prepared)) return Both(Evaluate(_form = _replica.QuadraticForm(options)), inDouble);
        using (var form = _replica.QuadraticForm(options)) return Both(Evaluate(form), inDouble);

        ProbeValues Evaluate(IQuadraticForm form) => form.Evaluate(request.Tile, keeps: false, cancellation);
        ProbeValues Both(ProbeValues values, ProbeValues precise) =>
            new(request.Tile.FirstProbe, values.Columns, [.. values.Values, .. precise.Values]) { Weight = values.Weight };
    }

    /// <summary>The replica in double precision, with the same numbers for weights and data.</summary>
    private IReplica Reference() => _replicas.Create(_key! with { Dtype = Dtype.Float64, HasSingleNumbers = true }, _files!);

    /// <summary>The same quadratic forms in both precisions, for all shards.</summary>
    private Comparison Compared(CurvatureOptions options)
    {
        var reference = Reference();
        IQuadraticForm? precise = null;
        try
        {
            precise = reference.QuadraticForm(options);
            return new Comparison(reference, _replica!.QuadraticForm(options), precise);
        }
        catch
        {
            precise?.Dispose();
            reference.Dispose();
            throw;
        }
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
        error is CurvatureException ? ApiWords.ToOptions(error.Message) : $"{error.GetType().Name}: {error.Message}";

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
        _comparison?.Dispose();
        _comparison = null;
        _prepared = null;
        _vectors = null;
    }

    private void DisposeForm()
    {
        _form?.Dispose();
        _form = null;
    }

    private sealed record Comparison(IReplica Replica, IQuadraticForm Single, IQuadraticForm Double) : IDisposable
    {
        public void Dispose()
        {
            Single.Dispose();
            Double.Dispose();
            Replica.Dispose();
        }
    }
}
