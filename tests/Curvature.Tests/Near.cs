namespace ActorHutch.Curvature.Tests;

/// <summary>Assertions on floating-point numbers that say by how much they failed.</summary>
internal static class Near
{
    public static void Relative(double expected, double actual, double tolerance) =>
        Absolute(expected, actual, tolerance * Math.Abs(expected));

    public static void Absolute(double expected, double actual, double tolerance) =>
        Assert.True(
            Math.Abs(actual - expected) <= tolerance,
            $"expected {expected:R}, got {actual:R}: off by {Math.Abs(actual - expected):E2}, allowed {tolerance:E2}");

    /// <summary>
    /// Compares element by element, with a tolerance relative to the largest expected magnitude: single entries may
    /// be near zero because large terms cancel in them, and rounding is relative to those terms.
    /// </summary>
    public static void Relative(ReadOnlySpan<double> expected, ReadOnlySpan<double> actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        double scale = 0;
        foreach (double value in expected) scale = Math.Max(scale, Math.Abs(value));
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(
                Math.Abs(actual[i] - expected[i]) <= tolerance * scale,
                $"entry {i}: expected {expected[i]:R}, got {actual[i]:R}: off by "
                + $"{Math.Abs(actual[i] - expected[i]):E2} at a scale of {scale:E2}, allowed {tolerance:E0} of it");
        }
    }
}
