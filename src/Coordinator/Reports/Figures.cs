using System.Globalization;

namespace ActorHutch.Coordinator.Reports;

/// <summary>Numbers as people read them.</summary>
internal static class Figures
{
    private const int MostDecimals = 12, MostDigits = 17;

    /// <summary>Decimals that show two significant digits of an error, and no digit of the value beyond them.</summary>
    public static int DecimalsFor(double error) =>
        !double.IsFinite(error) || error <= 0 ? 4 : Math.Max(1 - (int)Math.Floor(Math.Log10(error)), 0);

    /// <summary>With a fixed number of decimals, thousands set apart; where they are many, with an exponent.</summary>
    public static string Fixed(double value, int decimals)
    {
        if (!double.IsFinite(value)) return "–";
        if (decimals <= MostDecimals)
            return value.ToString("N" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        if (value == 0) return "0";
        int digits = decimals + 1 + (int)Math.Floor(Math.Log10(Math.Abs(value)));
        return digits < 1 ? "0" : Exponential(value, digits);
    }

    /// <summary>With so many significant digits.</summary>
    public static string Significant(double value, int digits)
    {
        if (!double.IsFinite(value)) return "–";
        if (value == 0) return "0";
        int exponent = (int)Math.Floor(Math.Log10(Math.Abs(value)));
        return exponent is < -5 or > 14
            ? Exponential(value, digits)
            : Fixed(value, Math.Clamp(digits - 1 - exponent, 0, MostDecimals));
    }

    private static string Exponential(double value, int digits) => value.ToString(
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
