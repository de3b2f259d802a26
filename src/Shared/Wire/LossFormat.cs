using ActorHutch.Shared.Jobs;

namespace ActorHutch.Shared.Wire;

/// <summary>How a loss's arguments and its description travel.</summary>
internal static class LossFormat
{
    /// <summary>All but the class that does not count, which is older than they are.</summary>
    public static V1.LossArguments Write(LossArguments given)
    {
        var wire = new V1.LossArguments { ClassWeights = Write(given.ClassWeights), PosWeight = Write(given.PosWeight) };
        if (given.ClassDimension is { } dimension) wire.ClassDimension = dimension;
        if (given.LabelSmoothing is { } smoothing) wire.LabelSmoothing = smoothing;
        if (given.Beta is { } beta) wire.Beta = beta;
        if (given.Delta is { } delta) wire.Delta = delta;
        if (given.LogTarget is { } logTarget) wire.LogTarget = logTarget;
        return wire;
    }

    public static LossArguments Read(V1.LossArguments? wire) => wire is null ? LossArguments.None : new()
    {
        ClassDimension = wire.HasClassDimension ? wire.ClassDimension : null,
        ClassWeights = Read(wire.ClassWeights),
        LabelSmoothing = wire.HasLabelSmoothing ? wire.LabelSmoothing : null,
        PosWeight = Read(wire.PosWeight),
        Beta = wire.HasBeta ? wire.Beta : null,
        Delta = wire.HasDelta ? wire.Delta : null,
        LogTarget = wire.HasLogTarget ? wire.LogTarget : null,
    };

    public static V1.LossDescription? Write(LossDescription? loss) => loss is null ? null : new()
    {
        Name = loss.Name,
        Reduction = loss.Reduction,
        Reason = loss.Reason,
        Arguments = loss.Arguments,
    };

    public static LossDescription? Read(V1.LossDescription? wire) =>
        wire is null ? null : new LossDescription(wire.Name, wire.Reduction, wire.Reason) { Arguments = wire.Arguments };

    private static V1.NumberList? Write(NumberList? list)
    {
        if (list is null) return null;
        var wire = new V1.NumberList();
        wire.Numbers.AddRange(list.Numbers);
        return wire;
    }

    private static NumberList? Read(V1.NumberList? wire) => wire is null ? null : new NumberList([.. wire.Numbers]);
}
