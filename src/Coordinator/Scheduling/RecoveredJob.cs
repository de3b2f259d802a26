using ActorHutch.Curvature.Operators;
using ActorHutch.Shared.Messages;

namespace ActorHutch.Coordinator.Scheduling;

/// <summary>A chunk's first result.</summary>
/// <param name="Chunk">The chunk.</param>
/// <param name="Worker">Who computed it.</param>
/// <param name="Device">Where.</param>
/// <param name="WarmUpSeconds">What the worker took to prepare.</param>
/// <param name="ComputeSeconds">The time the computation took.</param>
/// <param name="WaitSeconds">How long the device had been idle before it.</param>
/// <param name="Values">The quadratic forms.</param>
internal sealed record AcceptedChunk(
    long Chunk, WorkerKey Worker, string Device, double WarmUpSeconds, double ComputeSeconds, double WaitSeconds,
    ProbeValues Values)
{
    /// <summary>What it took to bring the job's files to the worker.</summary>
    public double TransferSeconds { get; init; }

    /// <summary>What kind of device it is.</summary>
    public string Kind { get; init; } = "";

    /// <summary>The bits that the worker found for the first probes; null where that is not known.</summary>
    public ulong? Bits { get; init; }

    /// <summary>From 1; a later attempt was issued again, or is a copy.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>When it was accepted, in the job's time over all runs; null where nobody took it down.</summary>
    public double? AcceptedAt { get; init; }
}

/// <summary>What earlier runs of a job came to.</summary>
/// <param name="Replica">What they computed with.</param>
/// <param name="Chunks">What was accepted.</param>
internal sealed record RecoveredJob(ReplicaReady Replica, IReadOnlyList<AcceptedChunk> Chunks)
{
    /// <summary>What else happened; known of a job that had ended.</summary>
    public JobCounts Counts { get; init; } = new();

    /// <summary>Who took part, of a job that had ended; null for whoever computed the chunks.</summary>
    public IReadOnlyList<KeyValuePair<WorkerKey, WorkerInJob>>? Participants { get; init; }

    /// <summary>The shards whose probes in both precisions are among the chunks.</summary>
    public ChunkSet Compared => Chunks.Where(chunk => JobState.IsComparison(chunk.Chunk))
        .Aggregate(ChunkSet.Empty, (done, chunk) => done.Add(JobState.ShardCompared(chunk.Chunk)));

    /// <summary>Why it had ended without them; null where it had not.</summary>
    public string? NotCompared { get; init; }

    private IEnumerable<AcceptedChunk> OwnChunks => Chunks.Where(chunk => !JobState.IsComparison(chunk.Chunk));

    /// <summary>Whether the job had the result that was asked for.</summary>
    public bool HasEnded => Participants is not null;

    /// <summary>Who took part. They are not there any more, whatever their names.</summary>
    /// <param name="probesOf">How many probes a chunk has.</param>
    public IEnumerable<KeyValuePair<WorkerKey, WorkerInJob>> WorkersOf(Func<long, int> probesOf)
    {
        var rounding = Chunks.Where(chunk => JobState.IsComparison(chunk.Chunk)).ToLookup(chunk => chunk.Worker, chunk => chunk.ComputeSeconds);
        return (Participants ?? OfChunks(probesOf)).Select(worker => KeyValuePair.Create(worker.Key, worker.Value with { RoundingSeconds = rounding[worker.Key].Sum() }));
    }

    private IEnumerable<KeyValuePair<WorkerKey, WorkerInJob>> OfChunks(Func<long, int> probesOf) => OwnChunks
        .GroupBy(chunk => chunk.Worker)
        .Select(group => KeyValuePair.Create(group.Key, new WorkerInJob(group.First().Device, group.First().Kind)
        {
            Bits = group.First().Bits,
            Phase = WorkerPhase.Lost,
            ChunksDone = group.Count(),
            ProbesDone = group.Sum(chunk => (long)probesOf(chunk.Chunk)),
            ComputeSeconds = group.Sum(chunk => chunk.ComputeSeconds),
            WaitSeconds = group.Sum(chunk => chunk.WaitSeconds),
            WarmUpSeconds = group.First().WarmUpSeconds,
            TransferSeconds = group.First().TransferSeconds,
        }));

    /// <summary>The numbers of the chunks.</summary>
    public ChunkSet Done => OwnChunks.Aggregate(ChunkSet.Empty, (done, chunk) => done.Add(chunk.Chunk));
}
