using System.Globalization;

namespace ActorHutch.Shared.Options;

/// <summary>One thing that is wrong with a job's description.</summary>
/// <param name="Field">The option's name without dashes, such as <c>v-batch</c>.</param>
/// <param name="Value">What was given, as text.</param>
/// <param name="Right">What would be right, as the end of a sentence: <c>must be at least 1</c>.</param>
public sealed record Problem(string Field, string Value, string Right)
{
    /// <summary>A problem whose value is shown as people write it.</summary>
    public static Problem Of(string field, IFormattable value, string right)
    {
        ArgumentNullException.ThrowIfNull(value);
        return new Problem(field, value.ToString(null, CultureInfo.InvariantCulture), right);
    }

    /// <summary>One line for people: <c>--probes 0: must be at least 1.</c></summary>
    public override string ToString() => $"--{Field} {Value}: {Right}.";
}
