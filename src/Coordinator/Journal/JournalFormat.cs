using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using ActorHutch.Shared.Wire;
using Google.Protobuf;
using Wire = ActorHutch.Coordinator.Journal.Format;

namespace ActorHutch.Coordinator.Journal;

/// <summary>Events as protobuf messages and back. Quadratic forms are doubles there too: they keep every bit.</summary>
internal static class JournalFormat
{
    public static IMessage Write(IJournalEvent journalEvent) => journalEvent switch
    {
        JobOpened opened => new Wire.Opened
        {
            JobHash = ByteString.CopyFrom(Convert.FromHexString(opened.Hash)),
            Job = opened.Job,
        },
        ReplicaAgreed agreed => Write(agreed.Replica),
        ChunksAccepted accepted => Write(accepted),
        JobEnded ended => Write(ended),
        _ => throw new ArgumentException($"No format for {journalEvent.GetType().Name}.", nameof(journalEvent)),
    };

    public static JobOpened Read(Wire.Opened opened) => new(Convert.ToHexStringLower(opened.JobHash.Span), opened.Job);

    public static ReplicaAgreed Read(Wire.Replica replica) => new(new ReplicaReady(
        Guid.Empty, new ReplicaDescription(replica.Model, replica.Sha256, replica.Parameters, replica.Samples)
        {
            Loss = replica.Loss.Length == 0 ? null
                : new LossDescription(replica.Loss, replica.Reduction, replica.LossReason) { Arguments = replica.LossArguments },
        },
        (CurvatureMethod)replica.Method, replica.MethodReason, [.. replica.Blocks], replica.BasisCount, 0)
    {
        ShardSize = replica.ShardSize == 0 ? ShardSize.Whole : replica.ShardSize,
        ProbeSpace = (ProbeSpace)replica.ProbeSpace,
        Shapes = ShapeFormat.Read(replica.Shapes),
        Sizes = [.. replica.Sizes],
    });

    public static ChunksAccepted Read(Wire.Chunks chunks) => new(
        new TimeSpan(chunks.ElapsedTicks),
        [.. chunks.Chunks_.Select(chunk => Read(chunk, chunks.Workers[chunk.Worker]))]);

    public static JobEnded Read(Wire.Ended ended) => new(
        new TimeSpan(ended.SetupTicks),
        new TimeSpan(ended.ElapsedTicks),
        [.. ended.Workers.Select(worker => KeyValuePair.Create(Key(worker), InJob(worker)))],
        new JobCounts
        {
            Reissued = ended.Reissued,
            Copies = ended.Copies,
            Verified = ended.Verified,
            Unverified = ended.Unverified,
            Duplicates = ended.Duplicates,
            Failed = ended.Failed,
            Stale = ended.Stale,
            Disagreements = [.. ended.Disagreements.Select(
                one => new Disagreement(one.Chunk, Key(one.First), Key(one.Second)))],
        })
    {
        NotCompared = ended.HasNotCompared ? ended.NotCompared : null,
    };

    private static Wire.Replica Write(ReplicaReady replica)
    {
        var written = new Wire.Replica
        {
            Model = replica.Model.Name,
            Sha256 = replica.Model.Sha256,
            Parameters = replica.Model.Parameters,
            Samples = replica.Model.Samples,
            Method = (int)replica.Method,
            MethodReason = replica.MethodReason,
            BasisCount = replica.BasisCount,
            Loss = replica.Model.Loss?.Name ?? "",
            Reduction = replica.Model.Loss?.Reduction ?? "",
            LossReason = replica.Model.Loss?.Reason ?? "",
            LossArguments = replica.Model.Loss?.Arguments ?? "",
            ShardSize = replica.ShardSize,
            ProbeSpace = (int)replica.ProbeSpace,
        };
        written.Blocks.AddRange(replica.Blocks);
        written.Shapes.AddRange(replica.Shapes.Select(ShapeFormat.Write));
        written.Sizes.AddRange(replica.Sizes);
        return written;
    }

    private static Wire.Chunks Write(ChunksAccepted accepted)
    {
        var written = new Wire.Chunks { ElapsedTicks = accepted.Elapsed.Ticks };
        var places = new Dictionary<WorkerKey, int>();
        foreach (var chunk in accepted.Chunks)
        {
            if (places.TryAdd(chunk.Worker, places.Count))
            {
                var worker = Write(chunk.Worker);
                worker.Device = chunk.Device;
                worker.WarmUpSeconds = chunk.WarmUpSeconds;
                worker.TransferSeconds = chunk.TransferSeconds;
                worker.Kind = chunk.Kind;
                if (chunk.Bits is { } bits) worker.Bits = bits;
                written.Workers.Add(worker);
            }

            var one = new Wire.Chunk
            {
                Number = chunk.Chunk,
                Worker = places[chunk.Worker],
                ComputeSeconds = chunk.ComputeSeconds,
                WaitSeconds = chunk.WaitSeconds,
                FirstProbe = chunk.Values.FirstProbe,
                Columns = chunk.Values.Columns,
                Attempt = chunk.Attempt,
            };
            if (chunk.AcceptedAt is { } at) one.AcceptedAtSeconds = at;
            if (chunk.Values.Weight != 1) one.Weight = chunk.Values.Weight;
            one.Values.AddRange(chunk.Values.Values);
            if (chunk.Values.Spread is { } spread)
            {
                one.Variances.AddRange(spread.Variances);
                one.Squares.AddRange(spread.Squares);
            }

            written.Chunks_.Add(one);
        }

        return written;
    }

    private static AcceptedChunk Read(Wire.Chunk chunk, Wire.Worker worker) => new(
        chunk.Number, Key(worker), worker.Device, worker.WarmUpSeconds, chunk.ComputeSeconds, chunk.WaitSeconds,
        new ProbeValues(chunk.FirstProbe, chunk.Columns, [.. chunk.Values])
        {
            Weight = chunk.HasWeight ? chunk.Weight : 1,
            Spread = chunk.Variances.Count == 0 ? null : new SampleSpread([.. chunk.Variances], [.. chunk.Squares]),
        })
    {
        TransferSeconds = worker.TransferSeconds,
        Kind = worker.Kind,
        Bits = worker.HasBits ? worker.Bits : null,
        // Journals of earlier versions know neither.
        Attempt = Math.Max(chunk.Attempt, 1),
        AcceptedAt = chunk.HasAcceptedAtSeconds ? chunk.AcceptedAtSeconds : null,
    };

    private static Wire.Ended Write(JobEnded ended)
    {
        var written = new Wire.Ended
        {
            SetupTicks = ended.Setup.Ticks,
            ElapsedTicks = ended.Elapsed.Ticks,
            Reissued = ended.Counts.Reissued,
            Copies = ended.Counts.Copies,
            Verified = ended.Counts.Verified,
            Unverified = ended.Counts.Unverified,
            Duplicates = ended.Counts.Duplicates,
            Failed = ended.Counts.Failed,
            Stale = ended.Counts.Stale,
        };
        if (ended.NotCompared is { } why) written.NotCompared = why;
        written.Workers.AddRange(ended.Workers.Select(entry => Write(entry.Key, entry.Value)));
        written.Disagreements.AddRange(ended.Counts.Disagreements.Select(
            one => new Wire.Disagreement { Chunk = one.Chunk, First = Write(one.First), Second = Write(one.Second) }));
        return written;
    }

    private static Wire.Worker Write(WorkerKey key) => new() { Id = key.Id, Incarnation = (ulong)key.Incarnation };

    private static Wire.Worker Write(WorkerKey key, WorkerInJob worker)
    {
        var written = Write(key);
        written.Device = worker.Device;
        written.Problem = worker.Problem ?? "";
        written.Chunks = worker.ChunksDone;
        written.Probes = worker.ProbesDone;
        written.ComputeSeconds = worker.ComputeSeconds;
        written.WaitSeconds = worker.WaitSeconds;
        written.WarmUpSeconds = worker.WarmUpSeconds;
        written.TransferSeconds = worker.TransferSeconds;
        written.Kind = worker.Kind;
        if (worker.Bits is { } bits) written.Bits = bits;
        return written;
    }

    private static WorkerKey Key(Wire.Worker worker) => new(worker.Id, (long)worker.Incarnation);

    private static WorkerInJob InJob(Wire.Worker worker) => new(worker.Device, worker.Kind)
    {
        Phase = WorkerPhase.Lost,
        Reason = worker.Problem.Length == 0 ? null : worker.Problem,
        ChunksDone = worker.Chunks,
        ProbesDone = worker.Probes,
        ComputeSeconds = worker.ComputeSeconds,
        WaitSeconds = worker.WaitSeconds,
        WarmUpSeconds = worker.WarmUpSeconds,
        TransferSeconds = worker.TransferSeconds,
        Bits = worker.HasBits ? worker.Bits : null,
    };
}
