using ActorHutch.Curvature.Losses;

namespace ActorHutch.Shared.Jobs;

/// <summary>Which loss a replica computes.</summary>
/// <param name="Name">A word of <see cref="Choices.Loss"/>, or the name of a class of one's own.</param>
/// <param name="Reduction">How the samples' losses are combined, a word of <see cref="Choices.Reduction"/>.</param>
/// <param name="Reason">Who chose it, for people: what was asked for, a file, or the targets by their type.</param>
public sealed record LossDescription(string Name, string Reduction, string Reason)
{
    /// <summary>The description of a loss.</summary>
    public static LossDescription Of(Loss loss, string reason)
    {
        ArgumentNullException.ThrowIfNull(loss);
        string name = loss switch
        {
            CrossEntropy => LossKind.CrossEntropy.Word(),
            MeanSquaredError => LossKind.Mse.Word(),
            BinaryCrossEntropyWithLogits => LossKind.Bce.Word(),
            _ => loss.GetType().Name,
        };
        return new LossDescription(name, loss.Reduction.Word(), reason);
    }

    /// <summary>It in a line: <c>cross-entropy, mean (asked for)</c>.</summary>
    public override string ToString() => $"{Name}, {Reduction} ({Reason})";
}
