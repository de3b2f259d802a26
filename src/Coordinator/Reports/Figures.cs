using System.Globalization;

namespace ActorHutch.Coordinator.Reports;

/// <summary>Numbers as people read them.</summary>
internal static class Figures
{
    private const int MostDecimals = 12, MostDigits = 17;

    /// <summary>⌊log₁₀ |x|⌋ of a number that is not 0.</summary>
    public static int Magnitude(double number) => (int)Math.Floor(Math.Log10(Math.Abs(number)));

    /// <summary>Whether a number of such a magnitude is written with an exponent.</summary>
    public static bool TakesExponent(int magnitude) => magnitude is < -4 or > 14;

    /// <summary>With a fixed number of decimals, thousands set apart; a number that they show nothing of is 0, without a sign.</summary>
    public static string Fixed(double value, int decimals)
    {
        if (!double.IsFinite(value)) return "–";
        string text = value.ToString("N" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        return text.StartsWith('-') && text.AsSpan().IndexOfAnyInRange('1', '9') < 0 ? text[1..] : text;
    }

    /// <summary>With so many significant digits.</summary>
    public static string Significant(double value, int digits)
    {
        if (!double.IsFinite(value)) return "–";
        if (value == 0) return "0";
        int magnitude = Magnitude(value);
        return TakesExponent(magnitude)
            ? Exponential(value, digits)
            : Fixed(value, Math.Clamp(digits - 1 - magnitude, 0, MostDecimals));
    }

    /// <summary>With an exponent, whatever its size: bounds and residuals, of which a table has all sizes.</summary>
    public static string Exponential(double value, int digits) => !double.IsFinite(value) ? "–" : value == 0 ? "0" : value.ToString(
        "0." + new string('0', Math.Clamp(digits, 1, MostDigits) - 1) + "e0", CultureInfo.InvariantCulture);

    /// <summary>A whole number, thousands set apart.</summary>
    public static string Whole(double value) => Fixed(value, 0);

    /// <summary>A time in seconds, in the unit that suits it.</summary>
    public static string Seconds(double seconds) => seconds switch
    {
        double.NaN => "–",
        0 => "0 s",
        < 1e-3 => Significant(seconds * 1e6, 3) + " µs",
        < 1 => Significant(seconds * 1e3, 3) + " ms",
        _ => Significant(seconds, 3) + " s",
    };

    /// <summary>A round time in seconds: 10 ms.</summary>
    public static string Round(double seconds) => seconds switch
    {
        < 0.99e-3 => Significant(seconds * 1e6, 1) + " µs",
        < 0.99 => Significant(seconds * 1e3, 1) + " ms",
        _ => Significant(seconds, 1) + " s",
    };

    /// <summary>A name that fits into so many columns: its end tells it from its neighbours.</summary>
    public static string Shortened(string name, int columns) =>
        name.Length <= columns ? name : string.Concat("…", name.AsSpan(name.Length - columns + 1));

    /// <summary>The beginning of something long that its beginning identifies.</summary>
    public static string Beginning(string text, int letters) =>
        text.Length <= letters ? text : string.Concat(text.AsSpan(0, letters), "…");

    /// <summary>A whole number and its noun.</summary>
    public static string Count(long number, string noun) =>
        $"{Whole(number)} {noun}{(number == 1 ? "" : "s")}";
}
