using ActorHutch.Shared.Options;

namespace ActorHutch.Shared.Jobs;

/// <summary>The arguments of losses. What reads arguments anywhere, options, job files or data's own words, reads them by this table.</summary>
public static class LossArgument
{
    /// <summary>The class that does not count.</summary>
    public static OptionEntry<LossArguments> IgnoreIndex { get; } = OptionEntry.Of(
        "ignore-index", "Targets of this class count for nothing", "-100", Formats.Number<long>(right: "must be a whole number"),
        (LossArguments all) => all.IgnoreIndex, (all, value) => all with { IgnoreIndex = value });

    /// <summary>The dimension of the classes.</summary>
    public static OptionEntry<LossArguments> ClassDimension { get; } = OptionEntry.Of(
        "class-dimension", "The output's dimension of the classes, such as last for [N, T, C]", "1",
        Formats.Number<long>(isRight: value => value != 0).Or("last", -1) with
        {
            Right = "must be a whole number other than 0, the dimension of the samples; negative ones count from the end, and last is -1",
        },
        (LossArguments all) => all.ClassDimension, (all, value) => all with { ClassDimension = value });

    /// <summary>The classes' weights.</summary>
    public static OptionEntry<LossArguments> ClassWeights { get; } = OptionEntry.Of(
        "class-weights", "A weight for each class", "none", Weights, (LossArguments all) => all.ClassWeights, (all, value) => all with { ClassWeights = value });

    /// <summary>Label smoothing.</summary>
    public static OptionEntry<LossArguments> LabelSmoothing { get; } = OptionEntry.Of(
        "label-smoothing", "So much of each target is spread evenly over the classes", "0",
        Formats.Number<double>("SHARE", "must lie between 0 and 1", value => value is >= 0 and <= 1),
        (LossArguments all) => all.LabelSmoothing, (all, value) => all with { LabelSmoothing = value });

    /// <summary>The weights of positive targets.</summary>
    public static OptionEntry<LossArguments> PosWeight { get; } = OptionEntry.Of(
        "pos-weight", "The weight of positive targets: one number, or one for each class", "1", Weights,
        (LossArguments all) => all.PosWeight, (all, value) => all with { PosWeight = value });

    /// <summary>Smooth L1's bound.</summary>
    public static OptionEntry<LossArguments> Beta { get; } = OptionEntry.Of(
        "beta", "Below this difference smooth-l1 is quadratic", "1", Above0("must be above 0; 0 is --loss l1"),
        (LossArguments all) => all.Beta, (all, value) => all with { Beta = value });

    /// <summary>Huber's bound.</summary>
    public static OptionEntry<LossArguments> Delta { get; } = OptionEntry.Of(
        "delta", "Below this difference huber is quadratic", "1", Above0("must be above 0"),
        (LossArguments all) => all.Delta, (all, value) => all with { Delta = value });

    /// <summary>Whether targets are logarithms.</summary>
    public static OptionEntry<LossArguments> LogTarget { get; } = OptionEntry.Of(
        "log-target", "Whether the targets of kl-div are logarithms", "false", Formats.Flag with { Symbol = "true|false" },
        (LossArguments all) => all.LogTarget, (all, value) => all with { LogTarget = value });

    /// <summary>All of them, in the order in which they are written.</summary>
    public static IReadOnlyList<OptionEntry<LossArguments>> All { get; } =
        [IgnoreIndex, ClassDimension, ClassWeights, LabelSmoothing, PosWeight, Beta, Delta, LogTarget];

    /// <summary>Whether two sets of arguments have another value for it.</summary>
    public static bool Differs(this OptionEntry<LossArguments> argument, LossArguments one, LossArguments other)
    {
        ArgumentNullException.ThrowIfNull(argument);
        return (argument.Write(one) ?? argument.Default) != (argument.Write(other) ?? argument.Default);
    }

    private static ValueFormat<NumberList> Weights => new(
        "NUMBER,…", $"must be numbers from 0 up, at least one of them above it, with commas between them, and no more than {NumberList.Most:N0}",
        (text, out list) => (list = NumberList.Parse(text)) is not null
            && list.Numbers.All(value => value >= 0 && double.IsFinite(value)) && list.Numbers.Any(value => value > 0))
    {
        Json = ["string", "number"],
    };

    private static ValueFormat<double> Above0(string right) =>
        Formats.Number<double>("NUMBER", right, value => value > 0 && double.IsFinite(value));
}
