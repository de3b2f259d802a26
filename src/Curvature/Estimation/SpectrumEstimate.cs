using ActorHutch.Curvature.Statistics;

namespace ActorHutch.Curvature.Estimation;

/// <summary>One probe's quadrature: vᵀf(H)v ≈ Σ_k ω_k f(θ_k), exact for polynomials of a degree below twice the number of nodes.</summary>
/// <param name="Nodes">θ, ascending; those without a weight do not count.</param>
/// <param name="Weights">ω; they add up to ‖v‖², which is the number of parameters for entries ±1.</param>
public sealed record QuadratureRule(IReadOnlyList<double> Nodes, IReadOnlyList<double> Weights)
{
    /// <summary>vᵀf(H)v.</summary>
    /// <param name="function">f.</param>
    public double Of(Func<double, double> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        double sum = 0;
        for (int k = 0; k < Nodes.Count; k++)
        {
            if (Weights[k] > 0) sum += Weights[k] * function(Nodes[k]);
        }

        return sum;
    }
}

/// <summary>A number that is the mean over probes, with its standard error.</summary>
/// <param name="Value">The estimate.</param>
/// <param name="StandardError">s/√V; not a number for one probe.</param>
public sealed record SpectralNumber(double Value, double StandardError);

/// <summary>A point of the density and of the distribution function.</summary>
/// <param name="Eigenvalue">λ.</param>
/// <param name="Density">The share of eigenvalues per unit of λ, smoothed.</param>
/// <param name="Below">The share of eigenvalues at or below λ, smoothed alike.</param>
/// <param name="Low">The lower end of its interval, of Student's t over the probes.</param>
/// <param name="High">The upper end.</param>
public sealed record SpectralPoint(double Eigenvalue, double Density, double Below, double Low, double High);

/// <summary>What random probes say of the eigenvalues of a diagonal block.</summary>
/// <param name="Name">The block's name.</param>
/// <param name="Spectrum">Its spectrum.</param>
public sealed record BlockSpectrum(string Name, SpectrumEstimate Spectrum);

/// <summary>What random probes say of a matrix's eigenvalues.</summary>
/// <param name="Rules">Each probe's quadrature.</param>
/// <param name="Level">Of the intervals.</param>
public sealed record SpectrumEstimate(IReadOnlyList<QuadratureRule> Rules, double Level)
{
    /// <summary>The kernel's standard deviation, as a share of the distance between the outermost nodes.</summary>
    public const double KernelShare = 0.005;

    private const int Points = 400;

    /// <summary>Those of each diagonal block, where the matrix is block-diagonal; else none.</summary>
    public IReadOnlyList<BlockSpectrum> Blocks { get; init; } = [];

    /// <summary>Around the outermost nodes a kernel is drawn so many standard deviations wide.</summary>
    private const double Tails = 4;

    /// <summary>The smallest node with a weight: at or above the smallest eigenvalue.</summary>
    public double Least => Rules.Min(rule => Weighted(rule).Min());

    /// <summary>The largest node with a weight: at or below the largest eigenvalue.</summary>
    public double Greatest => Rules.Max(rule => Weighted(rule).Max());

    /// <summary>‖H‖²_F = tr(H²).</summary>
    public SpectralNumber SquaredNorm => Mean(rule => rule.Of(node => node * node));

    /// <summary>The share of eigenvalues below zero by more than <see cref="KernelWidth"/>: short runs do not tell smaller ones from zeros.</summary>
    public SpectralNumber NegativeShare
    {
        get
        {
            double least = -KernelWidth;
            return Mean(rule => rule.Of(node => node < least ? 1 : 0) / rule.Weights.Sum());
        }
    }

    /// <summary>The effective dimension tr(H(H + λI)⁻¹): about how many eigenvalues are above λ.</summary>
    /// <param name="damping">λ; −λ lies below all eigenvalues.</param>
    /// <exception cref="ArgumentOutOfRangeException">It does not, as far as the nodes tell.</exception>
    public SpectralNumber EffectiveDimension(double damping)
    {
        CheckDamping(damping);
        return Mean(rule => rule.Of(node => node / (node + damping)));
    }

    /// <summary>log det(H + λI).</summary>
    /// <param name="damping">λ; −λ lies below all eigenvalues.</param>
    /// <exception cref="ArgumentOutOfRangeException">It does not, as far as the nodes tell.</exception>
    public SpectralNumber LogDeterminant(double damping)
    {
        CheckDamping(damping);
        return Mean(rule => rule.Of(node => Math.Log(node + damping)));
    }

    /// <summary>The stable rank ‖H‖²_F / max λ²: at most as many eigenvalues matter for the norm. The outermost nodes stand for the eigenvalues.</summary>
    public SpectralNumber StableRank
    {
        get
        {
            double largest = Math.Max(Math.Abs(Least), Math.Abs(Greatest));
            return largest == 0 ? new SpectralNumber(0, 0) : Mean(rule => rule.Of(node => node * node) / (largest * largest));
        }
    }

    private void CheckDamping(double damping)
    {
        if (!(damping > -Least && damping > 0))
            throw new ArgumentOutOfRangeException(nameof(damping), damping, $"H + λI must be positive definite, and H has a node at {Least}.");
    }

    /// <summary>The kernel's standard deviation.</summary>
    public double KernelWidth => KernelShare * Math.Max(Greatest - Least, double.Epsilon);

    /// <summary>The density and the distribution function on even points, smoothed with Gaussian kernels.</summary>
    public IReadOnlyList<SpectralPoint> Curve()
    {
        double width = KernelWidth, low = Least - Tails * width, high = Greatest + Tails * width;
        return [.. Enumerable.Range(0, Points).Select(i =>
        {
            double at = low + (high - low) * i / (Points - 1);
            double density = Over(rule => rule.Of(node => Normal((at - node) / width) / width) / rule.Weights.Sum()).Mean;
            var below = Over(rule => rule.Of(node => Cumulative((at - node) / width)) / rule.Weights.Sum());
            var interval = ConfidenceInterval.ForMean(below, Level);
            return new SpectralPoint(at, density, below.Mean, Math.Max(0, interval.Low), Math.Min(1, interval.High));
        })];
    }

    private static IEnumerable<double> Weighted(QuadratureRule rule) => rule.Nodes.Where((_, k) => rule.Weights[k] > 0);

    private SpectralNumber Mean(Func<QuadratureRule, double> of)
    {
        var moments = Over(of);
        return new SpectralNumber(moments.Mean, moments.StandardError);
    }

    private Moments Over(Func<QuadratureRule, double> of) => Rules.Aggregate(default(Moments), (sum, rule) => sum.Add(of(rule)));

    private static double Normal(double x) => Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);

    private static double Cumulative(double x) => MathNet.Numerics.Distributions.Normal.CDF(0, 1, x);
}
