using ActorHutch.Curvature;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Shared.Messages;

namespace ActorHutch.Shared.Wire;

/// <summary>How the workers' messages travel.</summary>
internal static class WorkerFormats
{
    public static IReadOnlyList<MessageFormat> All { get; } =
    [
        MessageFormat.Of<RegisterWorker, V1.RegisterWorker>("RW", Write, Read),
        MessageFormat.Of<WorkerStatus, V1.WorkerStatus>("WS", Write, Read),
        MessageFormat.Of<ReplicaReady, V1.ReplicaReady>("RR", Write, Read),
        MessageFormat.Of<ReplicaFailed, V1.ReplicaFailed>(
            "RF",
            message => new()
            {
                Job = Fields.OfRun(message.Job),
                What = Fields.OfText(message.What),
                Retriable = message.Retriable,
            },
            wire => new(Fields.Run(wire.Job), wire.What, wire.Retriable)),
        MessageFormat.Of<RequestWork, V1.RequestWork>(
            "RQ",
            message => new() { Job = Fields.OfRun(message.Job), Count = message.Count },
            wire => new(Fields.Run(wire.Job), wire.Count)),
        MessageFormat.Of<ChunkDone, V1.ChunkDone>("CD", Write, Read),
        MessageFormat.Of<ChunkOffered, V1.ChunkOffered>(
            "CO",
            message => new()
            {
                Job = Fields.OfRun(message.Job),
                Chunk = message.Chunk,
                Attempt = message.Attempt,
                Values = BlobFormats.Write(message.Values),
                ComputeSeconds = message.ComputeSeconds,
                WaitSeconds = message.WaitSeconds,
            },
            wire => new(Fields.Run(wire.Job), wire.Chunk, wire.Attempt, BlobFormats.Read(wire.Values), wire.ComputeSeconds, wire.WaitSeconds)),
        MessageFormat.Of<ChunkFailed, V1.ChunkFailed>(
            "CF",
            message => new()
            {
                Job = Fields.OfRun(message.Job),
                Chunk = message.Chunk,
                Attempt = message.Attempt,
                What = Fields.OfText(message.What),
                Retriable = message.Retriable,
                IsOfInput = message.IsOfInput,
            },
            wire => new(Fields.Run(wire.Job), wire.Chunk, wire.Attempt, wire.What, wire.Retriable) { IsOfInput = wire.IsOfInput }),
    ];

    private static V1.RegisterWorker Write(RegisterWorker message)
    {
        var wire = new V1.RegisterWorker
        {
            Id = message.Id,
            Incarnation = message.Incarnation,
            Device = message.Device,
            Threads = message.Threads,
            Protocol = message.Protocol,
            Kind = Fields.OfText(message.Kind),
        };
        if (message.MemoryBytes is { } bytes) wire.MemoryBytes = bytes;
        return wire;
    }

    private static RegisterWorker Read(V1.RegisterWorker wire) =>
        new(wire.Id, wire.Incarnation, wire.Device, wire.HasMemoryBytes ? wire.MemoryBytes : null, wire.Threads, wire.Kind)
        {
            Protocol = wire.Protocol,
        };

    private static V1.WorkerStatus Write(WorkerStatus message)
    {
        var wire = new V1.WorkerStatus
        {
            Job = Fields.OfRun(message.Job),
            HasReplica = message.HasReplica,
            Capacity = message.Capacity,
            Step = Fields.OfText(message.Step),
            Progress = message.Progress,
        };
        wire.Chunks.AddRange(message.Chunks.Select(
            held => new V1.ChunkAttempt { Chunk = held.Chunk, Attempt = held.Attempt }));
        return wire;
    }

    private static WorkerStatus Read(V1.WorkerStatus wire) => new(
        Fields.Run(wire.Job), wire.HasReplica, wire.Capacity,
        [.. wire.Chunks.Select(held => new ChunkAttempt(held.Chunk, held.Attempt))], wire.Progress)
    {
        Step = wire.Step,
    };

    private static V1.ReplicaReady Write(ReplicaReady message)
    {
        var wire = new V1.ReplicaReady
        {
            Job = Fields.OfRun(message.Job),
            Model = ReplicaFormat.Write(message.Model),
            Method = Fields.OfWord(message.Method),
            MethodReason = Fields.OfText(message.MethodReason),
            BasisCount = message.BasisCount,
            WarmUpSeconds = message.WarmUpSeconds,
            TransferSeconds = message.TransferSeconds,
            Bits = message.Bits,
        };
        if (message.ShardSize != ShardSize.Whole) wire.ShardSize = message.ShardSize;
        if (message.ProbeSpace != ProbeSpace.Parameter) wire.ProbeSpace = Fields.OfWord(message.ProbeSpace);
        wire.Blocks.AddRange(message.Blocks);
        wire.Shapes.AddRange(message.Shapes.Select(ShapeFormat.Write));
        wire.Sizes.AddRange(message.Sizes);
        return wire;
    }

    private static ReplicaReady Read(V1.ReplicaReady wire) => new(
        Fields.Run(wire.Job), ReplicaFormat.Read(wire.Model), Fields.Word<CurvatureMethod>(wire.Method),
        wire.MethodReason, [.. wire.Blocks], wire.BasisCount, wire.WarmUpSeconds, wire.TransferSeconds, wire.Bits)
    {
        ShardSize = wire.HasShardSize ? wire.ShardSize : ShardSize.Whole,
        Shapes = ShapeFormat.Read(wire.Shapes),
        Sizes = [.. wire.Sizes],
        ProbeSpace = wire.HasProbeSpace ? Fields.Word<ProbeSpace>(wire.ProbeSpace) : ProbeSpace.Parameter,
    };

    private static V1.ChunkDone Write(ChunkDone message) => new()
    {
        Job = Fields.OfRun(message.Job),
        Chunk = message.Chunk,
        Attempt = message.Attempt,
        Values = ProbeValuesFormat.Write(message.Values),
        ComputeSeconds = message.ComputeSeconds,
        WaitSeconds = message.WaitSeconds,
    };

    private static ChunkDone Read(V1.ChunkDone wire) => new(
        Fields.Run(wire.Job), wire.Chunk, wire.Attempt, ProbeValuesFormat.Read(wire.Values),
        wire.ComputeSeconds, wire.WaitSeconds);
}
