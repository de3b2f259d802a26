using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Shared.Messages;

/// <summary>
/// A worker offers itself. Sent until it is answered by <see cref="WorkerAccepted"/>; <see cref="WorkerRefused"/>
/// says why it is not.
/// </summary>
/// <param name="Id">The worker's name, the same over its restarts.</param>
/// <param name="Incarnation">Another number after each restart: a coordinator tells the lives of a worker apart by it.</param>
/// <param name="Device"><c>cpu</c> or <c>cuda:I</c>.</param>
/// <param name="MemoryBytes">The device's memory in bytes; null where it is not known.</param>
/// <param name="Threads">libtorch's threads in this worker.</param>
/// <param name="Kind">
/// The kind of device, such as <c>cpu x64 avx512</c>: devices of one kind, with equal threads, give the same bits.
/// </param>
public sealed record RegisterWorker(
    string Id, long Incarnation, string Device, long? MemoryBytes, int Threads, string Kind = "") : IWorkerMessage
{
    /// <summary>The protocol it speaks. Default: this release's.</summary>
    public int Protocol { get; init; } = ProtocolVersion.Current;
}

/// <summary>One attempt at one chunk.</summary>
/// <param name="Chunk">The chunk, from 0.</param>
/// <param name="Attempt">The attempt at it, from 1.</param>
public readonly record struct ChunkAttempt(long Chunk, int Attempt);

/// <summary>
/// What a worker is at, said every few seconds and whenever it begins to leave. Messages can be lost with a connection:
/// this is what both sides are held against.
/// </summary>
/// <param name="Job">The run; <see cref="Guid.Empty"/> where there is none.</param>
/// <param name="HasReplica">Whether the run's replica is ready.</param>
/// <param name="Capacity">How many chunks it wants to have at a time; 0 from a worker that leaves.</param>
/// <param name="Chunks">The chunks it has and has not answered for.</param>
/// <param name="Progress">Grows with whatever it gets done: another number than last time says that it does not hang.</param>
public sealed record WorkerStatus(
    Guid Job, bool HasReplica, int Capacity, IReadOnlyList<ChunkAttempt> Chunks, long Progress = 0)
    : IWorkerMessage
{
    /// <summary>What it does to come to the run's replica, in a few words for people; empty where it does nothing of the kind.</summary>
    public string Step { get; init; } = "";

    /// <summary>A worker that leaves is given nothing more; what it does not name in its last status it hands back.</summary>
    public bool Leaves => Capacity == 0;
}

/// <summary>The worker holds the replica, has found the loss to be deterministic, and has warmed up.</summary>
/// <param name="Job">The run.</param>
/// <param name="Model">The replica.</param>
/// <param name="Method">How quadratic forms are computed.</param>
/// <param name="MethodReason">Why so: one short sentence.</param>
/// <param name="Blocks">Names of the blocks that are told apart; none where only their sum is known.</param>
/// <param name="BasisCount">How many basis vectors add up to the exact trace.</param>
/// <param name="WarmUpSeconds">What loading the replica and warming up took.</param>
/// <param name="TransferSeconds">What fetching model and batch took before that; 0 where they were there.</param>
/// <param name="Bits">
/// A digest of the quadratic forms that it computed to warm up, the same ones as every worker: workers with another one
/// round otherwise.
/// </param>
public sealed record ReplicaReady(
    Guid Job,
    ReplicaDescription Model,
    CurvatureMethod Method,
    string MethodReason,
    IReadOnlyList<string> Blocks,
    long BasisCount,
    double WarmUpSeconds,
    double TransferSeconds = 0,
    ulong Bits = 0) : IWorkerMessage, IJobMessage
{
    /// <summary>Samples in a shard; all of them, or more, where there is one.</summary>
    public long ShardSize { get; init; } = Curvature.ShardSize.Whole;

    /// <summary>Where probes are drawn, which a job may leave to the workers.</summary>
    public ProbeSpace ProbeSpace { get; init; }

    /// <summary>The blocks' shapes, where each parameter has a value of its own; else none.</summary>
    public IReadOnlyList<long[]> Shapes { get; init; } = [];

    /// <summary>How many parameters each block has; none where the values' columns are not blocks.</summary>
    public IReadOnlyList<long> Sizes { get; init; } = [];

    /// <summary>Values per probe.</summary>
    public int Columns => ProbeValues.ColumnsOf(Blocks, Shapes);

    /// <summary>Whether the loss is a sum over the samples, and no mean.</summary>
    public bool Sums => Model.Loss?.Reduction == Reduction.Sum.Word();

    /// <summary>Whether another worker's replica computes the same thing.</summary>
    public bool Agrees(ReplicaReady other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Identity == other.Identity;
    }

    /// <summary>What the replicas of a job's workers have in common. What is said of the loss is for people, and in the hash.</summary>
    public (ReplicaDescription Model, CurvatureMethod Method, ProbeSpace ProbeSpace, long BasisCount, long ShardSize, string Blocks) Identity =>
        (Model with { Loss = null }, Method, ProbeSpace, BasisCount, Math.Min(ShardSize, Model.Samples), string.Join('\n', Blocks));
}

/// <summary>The worker has no replica for the job.</summary>
/// <param name="Job">The run.</param>
/// <param name="What">What happened, for people.</param>
/// <param name="Retriable">Whether another worker may fare better; false where the job itself is at fault.</param>
public sealed record ReplicaFailed(Guid Job, string What, bool Retriable) : IWorkerMessage, IJobMessage;

/// <summary>The worker asks for chunks: nothing is sent to it that it did not ask for.</summary>
/// <param name="Job">The run.</param>
/// <param name="Count">For how many more, at least 1.</param>
public sealed record RequestWork(Guid Job, int Count) : IWorkerMessage, IJobMessage;

/// <summary>A chunk's quadratic forms.</summary>
/// <param name="Job">The run.</param>
/// <param name="Chunk">The chunk, from 0.</param>
/// <param name="Attempt">The attempt at this chunk, from 1.</param>
/// <param name="Values">One row a probe.</param>
/// <param name="ComputeSeconds">The time the computation took.</param>
/// <param name="WaitSeconds">How long the device had been idle before it for want of a chunk.</param>
public sealed record ChunkDone(
    Guid Job, long Chunk, int Attempt, ProbeValues Values, double ComputeSeconds, double WaitSeconds)
    : IWorkerMessage, IJobMessage;

/// <summary>A chunk's values, which are more than a message holds, for the coordinator to fetch from the worker.</summary>
/// <param name="Job">The run.</param>
/// <param name="Chunk">The chunk, from 0.</param>
/// <param name="Attempt">The attempt at this chunk, from 1.</param>
/// <param name="Values">The blob that holds them.</param>
/// <param name="ComputeSeconds">The time the computation took.</param>
/// <param name="WaitSeconds">How long the device had been idle before it for want of a chunk.</param>
public sealed record ChunkOffered(
    Guid Job, long Chunk, int Attempt, BlobReference Values, double ComputeSeconds, double WaitSeconds)
    : IWorkerMessage, IJobMessage;

/// <summary>A chunk could not be computed.</summary>
/// <param name="Job">The run.</param>
/// <param name="Chunk">The chunk, from 0.</param>
/// <param name="Attempt">The attempt at this chunk, from 1.</param>
/// <param name="What">What happened, for people.</param>
/// <param name="Retriable">Whether another attempt may succeed.</param>
public sealed record ChunkFailed(Guid Job, long Chunk, int Attempt, string What, bool Retriable)
    : IWorkerMessage, IJobMessage
{
    /// <summary>Whether the chunk's samples are wrong, which were not looked at before.</summary>
    public bool IsOfInput { get; init; }
}
