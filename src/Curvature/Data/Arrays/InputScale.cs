using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Data.Arrays;

/// <summary>What inputs are multiplied by: factor / divisor. By it, whole numbers become real ones.</summary>
/// <param name="Factor">Finite and above 0.</param>
/// <param name="Divisor">Finite and above 0. x / 255 is not x · (1 / 255) to the last bit.</param>
public readonly record struct InputScale(double Factor, double Divisor = 1)
{
    /// <summary>What is right, as the end of a sentence.</summary>
    public const string Right = "must be a number or a fraction above 0: 1/255 for the bytes of images, as ToTensor has it, or 1";

    /// <summary>That of bytes in torchvision's ToTensor.</summary>
    public static InputScale OfBytes { get; } = new(1, 255);

    /// <summary>Reads <c>1/255</c> or <c>0.5</c>.</summary>
    public static bool TryParse(string? text, out InputScale value)
    {
        value = default;
        string[] parts = text?.Split('/', StringSplitOptions.TrimEntries) ?? [];
        double divisor = 1;
        if (parts.Length is not (1 or 2) || !TryNumber(parts[0], out double factor)) return false;
        if (parts.Length == 2 && !TryNumber(parts[1], out divisor)) return false;
        value = new InputScale(factor, divisor);
        return value.IsRight;
    }

    /// <summary>Whether both numbers are finite and above 0.</summary>
    public bool IsRight => Factor > 0 && double.IsFinite(Factor) && Divisor > 0 && double.IsFinite(Divisor);

    /// <summary>As it is written.</summary>
    public override string ToString() => Divisor == 1
        ? Factor.ToString("R", CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{Factor:R}/{Divisor:R}");

    /// <summary>x · factor / divisor, in place.</summary>
    internal void Apply(Tensor numbers)
    {
        if (Factor != 1) numbers.TimesInPlace(Factor);
        if (Divisor == 1) return;
        using Scalar divisor = Divisor;
        numbers.div_(divisor);
    }

    private static bool TryNumber(string text, out double value) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
}
