using ActorHutch.Shared.Messages;

namespace ActorHutch.Coordinator.Scheduling;

/// <summary>What became of an attempt at a chunk.</summary>
internal enum AttemptFate
{
    /// <summary>Its result was the first, and counts.</summary>
    Accepted,

    /// <summary>Another attempt's result was there before.</summary>
    Duplicate,

    /// <summary>The worker said that it failed.</summary>
    Failed,

    /// <summary>No answer came: the worker was lost, or the job ended.</summary>
    Unanswered,
}

/// <summary>When and where an attempt at a chunk ran, in seconds of the job's time, over all its runs.</summary>
/// <param name="Chunk">The chunk.</param>
/// <param name="Attempt">From 1; a later one was issued again, or is a copy.</param>
/// <param name="Worker">Where.</param>
/// <param name="Start">When its computation began; where that is not known, when it was issued.</param>
/// <param name="End">When the answer arrived, or could arrive no more.</param>
/// <param name="Fate">What became of it.</param>
internal readonly record struct TimelineEntry(
    long Chunk, int Attempt, WorkerKey Worker, double Start, double End, AttemptFate Fate);

/// <summary>When each chunk ran where, as the coordinator saw it.</summary>
/// <param name="Entries">In the order of their ends.</param>
/// <param name="LeftOut">How many more there were than are kept.</param>
internal sealed record Timeline(IReadOnlyList<TimelineEntry> Entries, long LeftOut);

/// <summary>Takes down when each chunk runs where.</summary>
internal sealed class ChunkTimeline
{
    /// <summary>Five megabytes.</summary>
    public const int DefaultLimit = 100_000;

    private readonly Guid _job;
    private readonly int _limit;
    private readonly List<TimelineEntry> _entries = [];
    private readonly Dictionary<(long Chunk, int Attempt), (WorkerKey Worker, double Since)> _open = [];
    private readonly Dictionary<WorkerKey, double> _free = [];
    private long _leftOut;

    /// <summary>A timeline that goes on where earlier runs stopped.</summary>
    /// <param name="job">The run; what is said of others is none of its.</param>
    /// <param name="earlier">What earlier runs accepted: of their other attempts nothing is known.</param>
    /// <param name="limit">The most attempts that are kept; what comes after is counted.</param>
    public ChunkTimeline(Guid job, IEnumerable<AcceptedChunk>? earlier = null, int limit = DefaultLimit)
    {
        (_job, _limit) = (job, limit);
        foreach (var chunk in (earlier ?? []).Where(chunk => chunk.AcceptedAt is not null))
        {
            double end = chunk.AcceptedAt!.Value;
            Add(chunk.Chunk, chunk.Attempt, chunk.Worker, 0, end - chunk.ComputeSeconds, end, AttemptFate.Accepted);
        }
    }

    /// <summary>A chunk goes out.</summary>
    public void Issued(WorkerKey worker, RunChunk run, double now) => _open[(run.Chunk, run.Attempt)] = (worker, now);

    /// <summary>Something happened that may end attempts.</summary>
    /// <param name="happened">What.</param>
    /// <param name="isDone">Whether a chunk had a result before.</param>
    /// <param name="now">When.</param>
    public void Note(JobEvent happened, Predicate<long> isDone, double now)
    {
        switch (happened)
        {
            case WorkerSaid { Message: ChunkDone result } said when result.Job == _job:
                Close(said.Worker, result.Chunk, result.Attempt, now - result.ComputeSeconds, now,
                    isDone(result.Chunk) ? AttemptFate.Duplicate : AttemptFate.Accepted);
                break;
            case WorkerSaid { Message: ChunkFailed failed } said when failed.Job == _job:
                Close(said.Worker, failed.Chunk, failed.Attempt, double.NegativeInfinity, now, AttemptFate.Failed);
                break;
            case WorkerLost lost:
                foreach (var attempt in _open.Where(open => open.Value.Worker == lost.Worker).Select(open => open.Key).ToArray())
                    Close(lost.Worker, attempt.Chunk, attempt.Attempt, double.NegativeInfinity, now, AttemptFate.Unanswered);
                break;
        }
    }

    /// <summary>The timeline; what is not answered by now never was.</summary>
    public Timeline At(double now)
    {
        foreach (var ((chunk, attempt), (worker, _)) in _open.ToArray())
            Close(worker, chunk, attempt, double.NegativeInfinity, now, AttemptFate.Unanswered);
        return new Timeline([.. _entries], _leftOut);
    }

    private void Close(WorkerKey worker, long chunk, int attempt, double start, double end, AttemptFate fate)
    {
        // What was not issued here is none of this run's, or is counted already.
        if (!_open.TryGetValue((chunk, attempt), out var open) || open.Worker != worker) return;
        _open.Remove((chunk, attempt));
        Add(chunk, attempt, worker, open.Since, start, end, fate);
    }

    private void Add(long chunk, int attempt, WorkerKey worker, double since, double start, double end, AttemptFate fate)
    {
        if (_entries.Count >= _limit)
        {
            _leftOut++;
            return;
        }

        // A worker computes one chunk at a time: it began no earlier than it was free and had the chunk.
        double earliest = Math.Max(since, _free.GetValueOrDefault(worker, double.NegativeInfinity));
        _entries.Add(new TimelineEntry(chunk, attempt, worker, Math.Min(Math.Max(start, earliest), end), end, fate));
        if (fate != AttemptFate.Unanswered) _free[worker] = end;
    }
}
