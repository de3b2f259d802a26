using System.Globalization;

namespace ActorHutch.Shared.Jobs;

/// <summary>Numbers that people write with commas between them, such as <c>0.5,1,2</c>.</summary>
/// <param name="Numbers">The numbers.</param>
public sealed record NumberList(IReadOnlyList<double> Numbers)
{
    /// <summary>The most numbers that a job may say: it travels to each worker in one message.</summary>
    public const int Most = 10_000;

    /// <summary>Reads a list; null where it is none, or too long.</summary>
    public static NumberList? Parse(string? text)
    {
        string[] parts = text?.Split(',', StringSplitOptions.TrimEntries) ?? [];
        double[] numbers = new double[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!double.TryParse(parts[i], NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[i])) return null;
        }

        return numbers.Length is > 0 and <= Most ? new NumberList(numbers) : null;
    }

    /// <summary>Lists are equal where their numbers are.</summary>
    public bool Equals(NumberList? other) => other is not null && Numbers.SequenceEqual(other.Numbers);

    /// <inheritdoc/>
    public override int GetHashCode() => Numbers.Aggregate(Numbers.Count, HashCode.Combine);

    /// <summary>As it is written.</summary>
    public override string ToString() => string.Join(',', Numbers.Select(number => number.ToString("R", CultureInfo.InvariantCulture)));
}
