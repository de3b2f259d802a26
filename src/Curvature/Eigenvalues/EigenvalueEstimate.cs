namespace ActorHutch.Curvature.Eigenvalues;

/// <summary>Which end of the spectrum is meant.</summary>
public enum SpectrumEnd
{
    /// <summary>The largest eigenvalues.</summary>
    Largest,

    /// <summary>The smallest, which are the most negative ones where there are any.</summary>
    Smallest,

    /// <summary>As many of each.</summary>
    Both,
}

/// <summary>Which eigenvalues are wanted.</summary>
public sealed record EigenvalueOptions
{
    /// <summary>Eigenvalues where nobody says another number.</summary>
    public const int DefaultCount = 5;

    /// <summary>The largest residual where nobody says another, as a share of the largest eigenvalue in size, in float64 and in float32.</summary>
    public const double DefaultTolerance = 1e-6, DefaultSingleTolerance = 1e-3;

    /// <summary>k, how many, of each end where both are meant. Default: 5.</summary>
    public int Count { get; init; } = DefaultCount;

    /// <summary>Of which end. Default: the largest.</summary>
    public SpectrumEnd End { get; init; }

    /// <summary>The largest residual, as a share of the largest eigenvalue in size.</summary>
    public double Tolerance { get; init; } = DefaultTolerance;

    /// <summary>Of the random vectors that the search begins with. Default: 0.</summary>
    public ulong Seed { get; init; }
}

/// <summary>An eigenvalue, as far as it was found.</summary>
/// <param name="Value">θ = xᵀHx.</param>
/// <param name="Residual">
/// ‖Hx − θx‖ for its vector x of length 1: there is an eigenvalue of H within that of θ (B. N. Parlett, «The Symmetric Eigenvalue Problem»,
/// 1998, theorem 4.5.1).
/// </param>
public sealed record Eigenvalue(double Value, double Residual);

/// <summary>Some eigenvalues of a matrix.</summary>
/// <param name="Values">The largest first.</param>
/// <param name="Products">How many products with the matrix it took.</param>
/// <param name="Tolerance">The residual that was asked for at most.</param>
/// <param name="IsMeasured">Whether the residuals are of products with these very vectors, and not what the recurrence has them to be.</param>
public sealed record EigenvalueEstimate(IReadOnlyList<Eigenvalue> Values, long Products, double Tolerance, bool IsMeasured)
{
    /// <summary>The vectors, each of length 1, entries of one block after another in the model's order; null where they are not known yet.</summary>
    public IReadOnlyList<double[]>? Vectors { get; init; }

    /// <summary>
    /// As many eigenvalues of H, counted as often as they are there, lie one to one within this of these values: ‖HX − XΘ‖ in Frobenius' norm
    /// (Parlett, theorem 11.5.1).
    /// </summary>
    public double Bound => Math.Sqrt(Values.Sum(value => value.Residual * value.Residual));

    /// <summary>Whether no residual is larger than was asked for.</summary>
    public bool Converged => IsMeasured && Values.All(value => value.Residual <= Tolerance);
}
