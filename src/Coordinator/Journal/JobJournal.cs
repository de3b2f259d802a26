using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Shared.Actors;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using Akka.Actor;
using Akka.Event;
using Akka.Persistence;

namespace ActorHutch.Coordinator.Journal;

/// <summary>
/// A job's journal: says to its parent what it holds, then writes what it is told. What arrives while a write is under
/// way makes up the next write, so the slower the disk, the larger the writes.
/// </summary>
/// <remarks>Jobs that differ in nothing but when they end share one, and each takes those of the others' chunks that are its own too.</remarks>
internal sealed class JobJournal : ReceivePersistentActor
{
    /// <summary>Chunks are gathered into events of about so many values: a megabyte.</summary>
    private const int ValuesPerEvent = 1 << 17;

    private readonly JobSpec _spec;
    private readonly string _hash;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly List<AcceptedChunk> _own = [];
    private readonly List<AcceptedChunk> _others = [];
    private readonly List<object> _waiting = [];
    private ReplicaReady? _replica;
    private TimeSpan _elapsed;
    private JobEnded? _ended;
    private bool _isOwn;
    private bool _writing;
    private bool _reading = true;

    public JobJournal(JobSpec spec)
    {
        _spec = spec;
        _hash = JobDocument.Hash(spec);
        PersistenceId = $"job-{JobDocument.Hash(spec.WithoutEnd)}";
        Recover<JobOpened>(opened => _isOwn = opened.Hash == _hash);
        Recover<ReplicaAgreed>(agreed => _replica = agreed.Replica);
        Recover<ChunksAccepted>(accepted =>
        {
            (_isOwn ? _own : _others).AddRange(accepted.Chunks);
            if (_isOwn) _elapsed = accepted.Elapsed;
        });
        Recover<JobEnded>(ended => _ended = _isOwn ? ended : _ended);
        Recover<RecoveryCompleted>(_ => OnRecovered());
        Command<WriteChunk>(Add);
        Command<IJournalEvent>(Add);
    }

    public override string PersistenceId { get; }

    public static Props Props(JobSpec spec) => ActorProps.Of(() => new JobJournal(spec));

    protected override void OnRecoveryFailure(Exception reason, object? message = null) => Break(reason);

    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr) => Break(cause);

    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr)
    {
        Break(cause);
        Context.Stop(Self);
    }

    private void OnRecovered()
    {
        if (_own.Count + _others.Count > 0 && _replica is null)
            throw new InvalidDataException("It has chunks, but no record of the replica that computed them.");

        _reading = false;
        var job = _replica is null ? null : new RecoveredJob(_replica, [.. _own, .. JobState.Shared(_spec, _replica, _others)])
        {
            Participants = _ended?.Workers,
            Counts = _ended?.Counts ?? new JobCounts(),
            NotCompared = _ended?.NotCompared,
        };
        // The job's time includes that of the chunks that another one has computed for it.
        double latest = job?.Chunks.Max(chunk => chunk.AcceptedAt) ?? 0;
        if (latest > _elapsed.TotalSeconds) _elapsed = TimeSpan.FromSeconds(latest);
        Context.Parent.Tell(new JournalOpened(job, _elapsed, _ended));
        foreach (var chunks in (List<AcceptedChunk>[])[_own, _others])
        {
            chunks.Clear();
            chunks.TrimExcess();
        }
    }

    private void Add(object message)
    {
        _waiting.Add(message);
        if (!_writing) WriteWaiting();
    }

    private void WriteWaiting()
    {
        int count = _waiting.Count;
        var events = Events().ToList();
        int left = events.Count;
        _waiting.Clear();
        _isOwn = _writing = true;
        PersistAllAsync(events, _ =>
        {
            if (--left > 0) return;
            _writing = false;
            _log.Debug("{Count} more written to the journal", count);
            Context.Parent.Tell(new Written(count));
            if (_waiting.Count > 0) WriteWaiting();
        });
    }

    /// <summary>What waits, as events; chunks that follow one another share one.</summary>
    private IEnumerable<IJournalEvent> Events()
    {
        if (!_isOwn) yield return new JobOpened(_hash, JobDocument.Canonical(_spec));

        var chunks = new List<AcceptedChunk>();
        int values = 0;
        foreach (object message in _waiting)
        {
            if (message is WriteChunk write)
            {
                chunks.Add(write.Chunk);
                values += write.Chunk.Values.Values.Length;
                _elapsed = write.Elapsed;
            }

            if (chunks.Count > 0 && (message is not WriteChunk || values >= ValuesPerEvent))
            {
                yield return new ChunksAccepted(_elapsed, [.. chunks]);
                chunks.Clear();
                values = 0;
            }

            if (message is IJournalEvent other) yield return other;
        }

        if (chunks.Count > 0) yield return new ChunksAccepted(_elapsed, [.. chunks]);
    }

    private void Break(Exception cause) => Context.Parent.Tell(new JournalBroke(_reading, cause.Message));
}
