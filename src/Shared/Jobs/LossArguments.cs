using ActorHutch.Shared.Options;

namespace ActorHutch.Shared.Jobs;

/// <summary>What a job says of its loss beside its name and reduction; nulls for what a loss does of itself.</summary>
public sealed record LossArguments
{
    /// <summary>Of which nothing is said.</summary>
    public static LossArguments None { get; } = new();

    /// <summary>The class number whose positions count for nothing; null for −100, as in PyTorch.</summary>
    public long? IgnoreIndex { get; init; }

    /// <summary>The output's dimension of the classes, counted from the end where it is negative; null for 1.</summary>
    public long? ClassDimension { get; init; }

    /// <summary>A weight for each class; null for ones.</summary>
    public NumberList? ClassWeights { get; init; }

    /// <summary>How much of a target is spread evenly over the classes; null for 0.</summary>
    public double? LabelSmoothing { get; init; }

    /// <summary>The weight of positive targets: one number, or one for each class; null for 1.</summary>
    public NumberList? PosWeight { get; init; }

    /// <summary>Up to where smooth L1 is quadratic; null for 1.</summary>
    public double? Beta { get; init; }

    /// <summary>Up to where Huber's loss is quadratic; null for 1.</summary>
    public double? Delta { get; init; }

    /// <summary>Whether the KL divergence's targets are logarithms; null for no.</summary>
    public bool? LogTarget { get; init; }

    /// <summary>What is said, in the order of <see cref="LossArgument.All"/>, as people write it.</summary>
    public IEnumerable<(OptionEntry<LossArguments> Argument, string Text)> Given =>
        from argument in LossArgument.All
        let text = argument.Write(this)
        where text is not null
        select (argument, text);

    /// <summary>These, and for what they do not say, others.</summary>
    public LossArguments Over(LossArguments others)
    {
        ArgumentNullException.ThrowIfNull(others);
        return Given.Aggregate(others, (all, given) => given.Argument.Read(all, given.Text) ?? all);
    }

    /// <summary>All that is said: <c>ignore-index 255, label-smoothing 0.1</c>.</summary>
    public override string ToString() => string.Join(", ", Given.Select(given => $"{given.Argument.Name} {given.Text}"));
}
