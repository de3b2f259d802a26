namespace ActorHutch.Curvature.Statistics;

/// <summary>Moments of a sample with those of the third order (P. Pébay, «Formulas for robust, one-pass parallel computation of covariances», 2008).</summary>
/// <param name="Moments">Count, mean and sum of squared deviations.</param>
/// <param name="Cubes">Σ (x − mean)³.</param>
internal readonly record struct SkewedMoments(Moments Moments, double Cubes)
{
    /// <summary>g = m₃/m₂^(3/2); 0 where nothing varies.</summary>
    public double Skewness => Moments.M2 > 0 ? Cubes / Moments.Count / Math.Pow(Moments.M2 / Moments.Count, 1.5) : 0;

    /// <summary>These and one more value.</summary>
    public SkewedMoments Add(double value)
    {
        double n = Moments.Count + 1, delta = value - Moments.Mean;
        return new SkewedMoments(
            Moments.Add(value), Cubes + delta * delta * delta * (n - 1) * (n - 2) / (n * n) - 3 * delta * Moments.M2 / n);
    }
}
