namespace ActorHutch.Curvature.Operators;

/// <summary>
/// How much probes vary that each sample has for itself, q = Σ_n q_n: what several probes tell of one probe's variance, sample by sample.
/// Column b is block b, and the last one the sum of all blocks.
/// </summary>
/// <param name="variances">Σ_n s_n², with the variance s_n² of sample n's own probes.</param>
/// <param name="squares">Σ_n s_n⁴, which tells how far the former can be trusted.</param>
public sealed class SampleSpread(double[] variances, double[] squares)
{
    /// <summary>Σ_n s_n², an unbiased estimate of one probe's variance.</summary>
    public ReadOnlySpan<double> Variances => variances;

    /// <summary>Σ_n s_n⁴.</summary>
    public ReadOnlySpan<double> Squares => squares;

    /// <summary>How many columns probes have whose spread this is.</summary>
    public int Columns => variances.Length - 1;
}
