using ActorHutch.Curvature;
using ActorHutch.Shared.Messages;

namespace ActorHutch.Shared.Wire;

/// <summary>How the coordinator's messages travel.</summary>
internal static class CoordinatorFormats
{
    public static IReadOnlyList<MessageFormat> All { get; } =
    [
        MessageFormat.Of<WorkerAccepted, V1.WorkerAccepted>(
            "WA",
            message => new() { Incarnation = message.Incarnation },
            wire => new(wire.Incarnation)),
        MessageFormat.Of<WorkerRefused, V1.WorkerRefused>(
            "WR",
            message => new() { Incarnation = message.Incarnation, Reason = Fields.OfText(message.Reason) },
            wire => new(wire.Incarnation, wire.Reason)),
        MessageFormat.Of<RegisterAgain, V1.RegisterAgain>("RA", _ => new(), _ => new()),
        MessageFormat.Of<Dismiss, V1.Dismiss>("DM", _ => new(), _ => new()),
        MessageFormat.Of<PrepareReplica, V1.PrepareReplica>(
            "PR",
            message =>
            {
                var wire = new V1.PrepareReplica
                {
                    Job = Fields.OfRun(message.Job),
                    Spec = JobSpecFormat.Write(message.Spec),
                };
                if (message.MemoryBudget is { } budget) wire.MemoryBudget = budget;
                return wire;
            },
            wire => new(
                Fields.Run(wire.Job), JobSpecFormat.Read(wire.Spec), wire.HasMemoryBudget ? wire.MemoryBudget : null)),
        MessageFormat.Of<RunChunk, V1.RunChunk>(
            "RC",
            message => new()
            {
                Job = Fields.OfRun(message.Job),
                Chunk = message.Chunk,
                Attempt = message.Attempt,
                FirstProbe = message.Tile.FirstProbe,
                Count = message.Tile.Probes,
                FirstSample = message.Tile.FirstSample,
                Samples = message.Tile.Samples,
                Keeps = message.Keeps,
                InBothPrecisions = message.InBothPrecisions,
                Vectors = message.Vectors is null
                    ? message.VectorsBlob is { } blob ? BlobFormats.Write(blob) : null
                    : throw new WireException("Vectors travel as a blob."),
            },
            wire => new(Fields.Run(wire.Job), wire.Chunk, wire.Attempt, new Tile(wire.FirstProbe, wire.Count, wire.FirstSample, wire.Samples))
            {
                Keeps = wire.Keeps,
                InBothPrecisions = wire.InBothPrecisions,
                VectorsBlob = wire.Vectors is { } blob ? BlobFormats.Read(blob) : null,
            }),
        MessageFormat.Of<EndJob, V1.EndJob>(
            "EJ",
            message => new() { Job = Fields.OfRun(message.Job) },
            wire => new(Fields.Run(wire.Job))),
    ];
}
