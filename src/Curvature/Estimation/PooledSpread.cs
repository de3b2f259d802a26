namespace ActorHutch.Curvature.Estimation;

/// <summary>One probe's variance as all chunks tell it, each by its samples' own probes.</summary>
/// <remarks>
/// Chunk c has I_c probes, and for each sample n the variance s_nc² among them, with I_c − 1 degrees of freedom. Pooled, one probe's variance is
/// Û = Σ_c (I_c − 1) Σ_n s_nc² / Σ_c (I_c − 1), and its degrees of freedom are those of F. E. Satterthwaite, «An approximate distribution of
/// estimates of variance components», 1946: ν = 2 Û² / Var(Û), with Var(s²) = 2σ⁴/(I − 1), and s⁴ in place of σ⁴ (1 + 2/(I − 1)), its mean
/// for normal values.
/// </remarks>
internal readonly record struct PooledSpread
{
    /// <summary>Σ_c (I_c − 1).</summary>
    private double Freedom { get; init; }

    /// <summary>Σ_c (I_c − 1) Σ_n s_nc².</summary>
    private double Weighted { get; init; }

    /// <summary>Σ_c (I_c − 1) Σ_n σ_n⁴.</summary>
    private double Fourth { get; init; }

    /// <summary>With how many degrees of freedom the variance is known.</summary>
    public double DegreesOfFreedom => Fourth == 0 ? Freedom : Weighted * Weighted / Fourth;

    /// <summary>The spread with one more chunk.</summary>
    /// <param name="probes">I, at least 2.</param>
    /// <param name="variance">Σ_n s_n².</param>
    /// <param name="squares">Σ_n s_n⁴.</param>
    public PooledSpread Add(int probes, double variance, double squares)
    {
        double freedom = probes - 1;
        return new PooledSpread
        {
            Freedom = Freedom + freedom,
            Weighted = Weighted + freedom * variance,
            Fourth = Fourth + freedom * squares / (1 + 2 / freedom),
        };
    }

    /// <summary>The standard error of the mean of so many probes.</summary>
    public double StandardError(long probes) => Math.Sqrt(Weighted / Freedom / probes);
}
