using ActorHutch.Curvature.Losses;
using ActorHutch.Shared.Options;

namespace ActorHutch.Shared.Jobs;

/// <summary>Which targets a loss takes.</summary>
public enum LossTargets
{
    /// <summary>Real numbers.</summary>
    Numbers,

    /// <summary>Class numbers.</summary>
    Classes,

    /// <summary>Class numbers, or real numbers that are the classes' probabilities.</summary>
    ClassesOrProbabilities,
}

/// <summary>A loss that a job can name: what it is called, which class it is, and what it takes.</summary>
/// <param name="Kind">Its name.</param>
/// <param name="Class">The class of its losses.</param>
/// <param name="Targets">Which targets it takes.</param>
/// <param name="Arguments">Which arguments it takes.</param>
/// <param name="Make">Makes it.</param>
public sealed record LossEntry(
    LossKind Kind, Type Class, LossTargets Targets, IReadOnlyList<OptionEntry<LossArguments>> Arguments, Func<Reduction, LossArguments, Loss> Make)
{
    private const long DefaultDimension = 1;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<LossEntry> All { get; } =
    [
        new(LossKind.CrossEntropy, typeof(CrossEntropy), LossTargets.ClassesOrProbabilities,
            [LossArgument.IgnoreIndex, LossArgument.ClassDimension, LossArgument.ClassWeights, LossArgument.LabelSmoothing],
            (reduction, given) => new CrossEntropy(
                reduction, given.ClassWeights?.Numbers, given.LabelSmoothing ?? 0,
                given.IgnoreIndex ?? ClassificationLoss.DefaultIgnoreIndex, given.ClassDimension ?? DefaultDimension)),
        new(LossKind.Mse, typeof(MeanSquaredError), LossTargets.Numbers, [], (reduction, _) => new MeanSquaredError(reduction)),
        new(LossKind.Bce, typeof(BinaryCrossEntropyWithLogits), LossTargets.Numbers, [LossArgument.ClassDimension, LossArgument.PosWeight],
            (reduction, given) => new BinaryCrossEntropyWithLogits(
                reduction, given.PosWeight?.Numbers, given.ClassDimension ?? DefaultDimension)),
        new(LossKind.BceOfProbabilities, typeof(BinaryCrossEntropy), LossTargets.Numbers, [],
            (reduction, _) => new BinaryCrossEntropy(reduction)),
        new(LossKind.Nll, typeof(NegativeLogLikelihood), LossTargets.Classes,
            [LossArgument.IgnoreIndex, LossArgument.ClassDimension, LossArgument.ClassWeights],
            (reduction, given) => new NegativeLogLikelihood(
                reduction, given.ClassWeights?.Numbers, given.IgnoreIndex ?? ClassificationLoss.DefaultIgnoreIndex,
                given.ClassDimension ?? DefaultDimension)),
        new(LossKind.L1, typeof(AbsoluteError), LossTargets.Numbers, [], (reduction, _) => new AbsoluteError(reduction)),
        new(LossKind.SmoothL1, typeof(SmoothAbsoluteError), LossTargets.Numbers, [LossArgument.Beta],
            (reduction, given) => new SmoothAbsoluteError(reduction, given.Beta ?? 1)),
        new(LossKind.Huber, typeof(HuberLoss), LossTargets.Numbers, [LossArgument.Delta],
            (reduction, given) => new HuberLoss(reduction, given.Delta ?? 1)),
        new(LossKind.KlDiv, typeof(KullbackLeiblerDivergence), LossTargets.Numbers, [LossArgument.LogTarget],
            (reduction, given) => new KullbackLeiblerDivergence(reduction, given.LogTarget ?? false)),
    ];

    /// <summary>A loss's word on the command line.</summary>
    public string Word => Kind.Word();

    /// <summary>The entry of a name.</summary>
    public static LossEntry Of(LossKind kind) => All.Single(entry => entry.Kind == kind);

    /// <summary>The first argument that this loss does not take; null where there is none.</summary>
    public (OptionEntry<LossArguments> Argument, string Text)? Foreign(LossArguments arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        foreach (var given in arguments.Given)
        {
            if (!Arguments.Contains(given.Argument)) return given;
        }

        return null;
    }

    /// <summary>Whose argument it is: <c>it is an argument of cross-entropy and nll</c>.</summary>
    public static string OwnersOf(OptionEntry<LossArguments> argument)
    {
        string[] words = [.. All.Where(entry => entry.Arguments.Contains(argument)).Select(entry => entry.Word)];
        return "it is an argument of " + (words.Length == 1 ? words[0] : $"{string.Join(", ", words.SkipLast(1))} and {words[^1]}");
    }
}
