using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using ActorHutch.Shared.Options;

namespace ActorHutch.Shared.Jobs;

/// <summary>
/// An option that takes one of a few words, each standing for a value of an enumeration: the value's name in lower case,
/// with dashes between its words.
/// </summary>
/// <typeparam name="T">The enumeration.</typeparam>
public sealed class Choice<T>
    where T : struct, Enum
{
    private readonly T[] _values;

    /// <summary>A choice among the given values; among all of the enumeration where none is given.</summary>
    public Choice(params T[] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        _values = values.Length == 0 ? Enum.GetValues<T>() : values;
        Words = [.. _values.Select(value => value.Word())];
    }

    /// <summary>The words, in the order in which they are offered.</summary>
    public IReadOnlyList<string> Words { get; }

    /// <summary>What is right: <c>must be block or full</c>.</summary>
    public string Right => "must be " + Words.Count switch
    {
        1 => Words[0],
        _ => $"{string.Join(", ", Words.SkipLast(1))} or {Words[^1]}",
    };

    /// <summary>How it is written.</summary>
    public ValueFormat<T> Format => new(string.Join('|', Words), Right, TryParse) { Words = Words };

    /// <summary>Whether the value can be chosen.</summary>
    public bool Offers(T value) => Array.IndexOf(_values, value) >= 0;

    /// <summary>The value a word stands for; case does not matter.</summary>
    public bool TryParse([NotNullWhen(true)] string? word, out T value)
    {
        foreach (var candidate in _values)
        {
            if (string.Equals(candidate.Word(), word, StringComparison.OrdinalIgnoreCase))
            {
                value = candidate;
                return true;
            }
        }

        value = default;
        return false;
    }
}

/// <summary>The words of every option that has a fixed set of them.</summary>
public static class Choices
{
    /// <summary>Which matrix.</summary>
    public static Choice<Curvature.Operators.CurvatureMatrix> Matrix { get; } = new();

    /// <summary>Block-diagonal or full.</summary>
    public static Choice<Curvature.Operators.BlockStructure> Structure { get; } = new();

    /// <summary>The methods; that none is asked for is said by <see cref="Auto"/>.</summary>
    public static Choice<Curvature.Operators.CurvatureMethod> Method { get; } = new();

    /// <summary>Where probes are drawn.</summary>
    public static Choice<Curvature.Probes.ProbeSpace> ProbeSpace { get; } = new();

    /// <summary>Which eigenvalues.</summary>
    public static Choice<Curvature.Eigenvalues.SpectrumEnd> SpectrumEnd { get; } = new();

    /// <summary>Distributions of a random probe.</summary>
    public static Choice<Curvature.Probes.ProbeDistribution> Distribution { get; } =
        new(Curvature.Probes.ProbeDistribution.Rademacher, Curvature.Probes.ProbeDistribution.Gaussian);

    /// <summary>Number types.</summary>
    public static Choice<Dtype> Dtype { get; } = new();

    /// <summary>The word that leaves a choice to the program.</summary>
    public const string Auto = Formats.Auto;

    /// <summary>Which loss; that none is named is said by <see cref="Auto"/>.</summary>
    public static Choice<LossKind> Loss { get; } = new();

    /// <summary>How samples' losses are combined.</summary>
    public static Choice<Curvature.Losses.Reduction> Reduction { get; } = new();

    /// <summary>The word for a value: <c>cross-entropy</c>.</summary>
    public static string Word<T>(this T value) where T : struct, Enum =>
        JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());
}
