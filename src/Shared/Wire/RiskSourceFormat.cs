using ActorHutch.Curvature.Data.Arrays;
using ActorHutch.Curvature.Losses;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Shared.Wire;

/// <summary>How the source of a risk travels: files by what is in them.</summary>
internal static class RiskSourceFormat
{
    public static V1.RiskSource Write(RiskSource risk)
    {
        var wire = new V1.RiskSource
        {
            ModelFile = Write(risk.ModelFile),
            Weights = Write(risk.Weights),
            Assembly = Write(risk.Assembly),
            Data = Write(risk.Data),
            Inputs = Write(risk.Inputs),
            Targets = Write(risk.Targets),
            Offset = risk.Offset,
            Reduction = Fields.OfWord(risk.Reduction),
        };
        if (risk.ModelType is { } type) wire.ModelType = type;
        if (risk.Parameters is { } parameters) wire.Parameters = parameters;
        if (risk.Scale is { } scale) (wire.ScaleFactor, wire.ScaleDivisor) = (scale.Factor, scale.Divisor);
        if (risk.Normalize is { } normalize) (wire.Mean, wire.Deviation) = (normalize.Mean, normalize.Deviation);
        if (risk.Samples is { } samples) wire.Samples = samples;
        if (risk.MicroBatch is { } microBatch) wire.MicroBatch = microBatch;
        if (risk.Shard is { } shard) wire.Shard = shard;
        if (risk.Loss is { } loss) wire.Loss = Fields.OfWord(loss);
        if (risk.LossArguments.IgnoreIndex is { } ignoreIndex) wire.IgnoreIndex = ignoreIndex;
        if (risk.LossArguments with { IgnoreIndex = null } != LossArguments.None) wire.LossArguments = LossFormat.Write(risk.LossArguments);
        return wire;
    }

    public static RiskSource Read(string model, V1.RiskSource? wire)
    {
        var risk = new RiskSource { Model = model };
        return wire is null ? risk : risk with
        {
            ModelFile = Read(wire.ModelFile),
            Weights = Read(wire.Weights),
            Assembly = Read(wire.Assembly),
            ModelType = wire.HasModelType ? wire.ModelType : null,
            Parameters = wire.HasParameters ? wire.Parameters : null,
            Data = Read(wire.Data),
            Inputs = Read(wire.Inputs),
            Targets = Read(wire.Targets),
            Scale = wire.HasScaleFactor && wire.HasScaleDivisor ? new InputScale(wire.ScaleFactor, wire.ScaleDivisor) : null,
            Normalize = wire.HasMean && wire.HasDeviation ? new Normalization(wire.Mean, wire.Deviation) : null,
            Samples = wire.HasSamples ? wire.Samples : null,
            Offset = wire.Offset,
            MicroBatch = wire.HasMicroBatch ? wire.MicroBatch : null,
            Shard = wire.HasShard ? wire.Shard : null,
            Loss = wire.HasLoss ? Fields.Word<LossKind>(wire.Loss) : null,
            Reduction = Fields.Word<Reduction>(wire.Reduction),
            LossArguments = LossFormat.Read(wire.LossArguments) with { IgnoreIndex = wire.HasIgnoreIndex ? wire.IgnoreIndex : null },
        };
    }

    private static V1.InputFile? Write(InputFile? file)
    {
        if (file is null) return null;
        var wire = new V1.InputFile { Name = file.Name, Sha256 = BlobFormats.Write(file.Content.Id), Length = file.Content.Length };
        if (file.Segments is { } segments) wire.Segments = BlobFormats.Write(segments);
        return wire;
    }

    private static InputFile? Read(V1.InputFile? wire) => wire is null ? null : new(wire.Name, BlobFormats.Read(wire.Sha256), wire.Length)
    {
        Segments = wire.HasSegments ? BlobFormats.Read(wire.Segments) : null,
    };
}
