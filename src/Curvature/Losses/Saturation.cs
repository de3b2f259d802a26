using static TorchSharp.torch;

namespace ActorHutch.Curvature.Losses;

/// <summary>From where on a probability is so near to 1 that libtorch's formulas lose what is missing to 1.</summary>
/// <remarks>
/// 1 − p is lost to rounding by ε/(1 − p): at the limits by 4·10⁻⁶ in single precision and by 10⁻¹¹ in double precision. What
/// is not beyond them keeps libtorch's bits.
/// </remarks>
internal static class Saturation
{
    /// <summary>The odds (1 − p)/p below which an outcome is saturated.</summary>
    public static double Of(ScalarType dtype) => dtype == ScalarType.Float64 ? 1.0 / (1 << 16) : 1.0 / (1 << 6);
}
