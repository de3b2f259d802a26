using System.Globalization;

namespace ActorHutch.Coordinator.Reports;

/// <summary>
/// How the numbers of a row are written: all with as many decimals as their error leaves them and, where the largest of them is very
/// small or very large, all with its exponent, such as 1.045e-9 ± 0.040e-9.
/// </summary>
internal readonly record struct Notation
{
    private const int DigitsWithoutError = 5, MostDigits = 17;

    private readonly int _decimals;
    private readonly int? _exponent;

    private Notation(int decimals, int? exponent) => (_decimals, _exponent) = (decimals, exponent);

    /// <summary>The notation of a value and its standard error.</summary>
    public static Notation Of(double value, double error) => Of(error, [value, error]);

    /// <summary>The notation of numbers with one error.</summary>
    /// <param name="error">Its two first digits are shown; where it is 0 or not known, five digits of the largest number.</param>
    /// <param name="numbers">All that are written in it.</param>
    public static Notation Of(double error, ReadOnlySpan<double> numbers)
    {
        double largest = 0;
        foreach (double number in numbers)
        {
            if (double.IsFinite(number)) largest = Math.Max(largest, Math.Abs(number));
        }

        int magnitude = largest == 0 ? 0 : Figures.Magnitude(largest);
        bool known = double.IsFinite(error) && error > 0;
        int decimals = Math.Min(known ? 1 - Figures.Magnitude(error) : DigitsWithoutError - 1 - magnitude, MostDigits - 1 - magnitude);
        return Figures.TakesExponent(magnitude)
            ? new Notation(Math.Max(decimals + magnitude, 0), magnitude)
            : new Notation(Math.Max(decimals, 0), null);
    }

    /// <summary>A number of the row.</summary>
    public string Write(double number) => Write(number, _decimals);

    /// <summary>A number of the row that is known better than the others, with so many significant digits.</summary>
    public string Significant(double number, int digits) =>
        _exponent is { } exponent && number != 0 && double.IsFinite(number)
            ? Write(number, Math.Clamp(digits - 1 - (Figures.Magnitude(number) - exponent), 0, MostDigits - 1))
            : Figures.Significant(number, digits);

    /// <summary>A value and its standard error.</summary>
    public static string WithError(double value, double error)
    {
        var notation = Of(value, error);
        return $"{notation.Write(value)} ± {notation.Write(error)}";
    }

    private string Write(double number, int decimals)
    {
        if (!double.IsFinite(number) || _exponent is not { } exponent) return Figures.Fixed(number, decimals);
        return string.Create(CultureInfo.InvariantCulture, $"{Figures.Fixed(number / Math.Pow(10, exponent), decimals)}e{exponent}");
    }
}
