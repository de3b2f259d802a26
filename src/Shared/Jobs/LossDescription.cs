using ActorHutch.Curvature.Losses;

namespace ActorHutch.Shared.Jobs;

/// <summary>Which loss a replica computes.</summary>
/// <param name="Name">A word of <see cref="Choices.Loss"/>, or the name of a class of one's own.</param>
/// <param name="Reduction">How the samples' losses are combined, a word of <see cref="Choices.Reduction"/>.</param>
/// <param name="Reason">Who chose it, for people: what was asked for, a file, or the targets by their type.</param>
public sealed record LossDescription(string Name, string Reduction, string Reason)
{
    private const int MostShown = 200;

    /// <summary>Its arguments, for people: <c>ignore-index 255, label-smoothing 0.1</c>; empty where none was said. Long lists are cut.</summary>
    public string Arguments { get; init; } = "";

    /// <summary>The description of a loss.</summary>
    public static LossDescription Of(Loss loss, string reason, LossArguments? arguments = null)
    {
        ArgumentNullException.ThrowIfNull(loss);
        string name = loss is ModelLoss
            ? ModelLoss.Word
            : LossEntry.All.FirstOrDefault(entry => entry.Class == loss.GetType())?.Word ?? loss.GetType().Name;
        string given = arguments?.ToString() ?? "";
        return new LossDescription(name, loss.Reduction.Word(), reason)
        {
            Arguments = given.Length <= MostShown ? given : given[..MostShown] + "…",
        };
    }

    /// <summary>It without its reason: <c>cross-entropy (label-smoothing 0.1), mean</c>.</summary>
    public string Said() => $"{Name}{(Arguments.Length == 0 ? "" : $" ({Arguments})")}, {Reduction}";

    /// <summary>It in a line: <c>cross-entropy (label-smoothing 0.1), mean (asked for)</c>.</summary>
    public override string ToString() => $"{Said()} ({Reason})";
}
