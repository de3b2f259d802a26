using System.Globalization;

namespace ActorHutch.Shared.Jobs;

/// <summary>What inputs are normalised by: (x − mean) / deviation.</summary>
/// <param name="Mean">The mean.</param>
/// <param name="Deviation">The standard deviation, above 0.</param>
public readonly record struct Normalization(double Mean, double Deviation)
{
    /// <summary>What is right, as the end of a sentence.</summary>
    public const string Right = "must be MEAN,DEVIATION, the deviation above 0, such as 0.1307,0.3081";

    /// <summary>Reads <c>0.1307,0.3081</c>.</summary>
    public static bool TryParse(string? text, out Normalization value)
    {
        value = default;
        string[] parts = text?.Split(',', StringSplitOptions.TrimEntries) ?? [];
        if (parts.Length != 2 || !TryNumber(parts[0], out double mean) || !TryNumber(parts[1], out double deviation)) return false;
        value = new Normalization(mean, deviation);
        return deviation > 0;
    }

    /// <summary>As it is written.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Mean:R},{Deviation:R}");

    private static bool TryNumber(string text, out double value) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);
}
