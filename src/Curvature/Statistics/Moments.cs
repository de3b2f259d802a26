namespace ActorHutch.Curvature.Statistics;

/// <summary>
/// Count, mean and sum of squared deviations of a sample, which can be extended and merged without losing digits.
/// </summary>
/// <remarks>
/// B. P. Welford, «Note on a method for calculating corrected sums of squares and products», 1962; the merge is by
/// T. F. Chan, G. H. Golub and R. J. LeVeque, «Updating formulae and a pairwise algorithm», 1979.
/// </remarks>
/// <param name="Count">How many values.</param>
/// <param name="Mean">Their mean; 0 for none.</param>
/// <param name="M2">Σ (x − mean)².</param>
public readonly record struct Moments(long Count, double Mean, double M2)
{
    /// <summary>Sample variance M2 / (n − 1); not a number for fewer than two values.</summary>
    public double Variance => Count < 2 ? double.NaN : M2 / (Count - 1);

    /// <summary>Standard error of the mean, s / √n; not a number for fewer than two values.</summary>
    public double StandardError => Math.Sqrt(Variance / Count);

    /// <summary>These moments and one more value.</summary>
    public Moments Add(double value)
    {
        long count = Count + 1;
        double delta = value - Mean;
        double mean = Mean + delta / count;
        return new Moments(count, mean, M2 + delta * (value - mean));
    }

    /// <summary>The moments of both samples together.</summary>
    public Moments Merge(Moments other)
    {
        if (Count == 0) return other;
        if (other.Count == 0) return this;

        long count = Count + other.Count;
        double delta = other.Mean - Mean;
        return new Moments(
            count,
            Mean + delta * other.Count / count,
            M2 + other.M2 + delta * delta * ((double)Count * other.Count / count));
    }
}
