using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Estimation;

namespace ActorHutch.Coordinator.Reports;

/// <summary>What is known of the eigenvalues.</summary>
/// <param name="LanczosSteps">Products of a probe's run.</param>
/// <param name="Least">The smallest node: the smallest eigenvalue is at most that.</param>
/// <param name="Greatest">The largest node: the largest eigenvalue is at least that.</param>
/// <param name="SquaredNorm">‖H‖²_F, the sum of the eigenvalues' squares.</param>
/// <param name="NegativeShare">The share of eigenvalues below zero by more than the kernel's width.</param>
/// <param name="KernelWidth">The standard deviation of the Gaussian kernels that the curve is smoothed with.</param>
/// <param name="StableRank">‖H‖²_F over the square of the largest eigenvalue in size.</param>
/// <param name="Damped">What H + λI is like, for λ of some shares of the largest eigenvalue that make it positive definite.</param>
/// <param name="Curve">Density and distribution function, with the latter's interval over the probes.</param>
internal sealed record SpectrumReport(
    int LanczosSteps, double Least, double Greatest, SpectralNumber SquaredNorm, SpectralNumber NegativeShare, double KernelWidth,
    SpectralNumber StableRank, IReadOnlyList<DampedReport> Damped, IReadOnlyList<SpectralPoint> Curve)
{
    /// <summary>That of a job; null where there is none.</summary>
    public static SpectrumReport? Of(JobResult result) => result.Estimate?.Spectrum is not { } spectrum ? null : new(
        result.Spec.CurvatureOptions().LanczosSteps!.Value, spectrum.Least, spectrum.Greatest, spectrum.SquaredNorm, spectrum.NegativeShare, spectrum.KernelWidth,
        spectrum.StableRank,
        [.. Shares.Select(share => share * spectrum.Greatest).Where(damping => damping > 0 && damping > -spectrum.Least)
            .Select(damping => new DampedReport(damping, spectrum.EffectiveDimension(damping), spectrum.LogDeterminant(damping)))],
        spectrum.Curve());

    private static readonly double[] Shares = [0.1, 0.01, 1e-3, 1e-4];
}

/// <summary>A matrix with a damping.</summary>
/// <param name="Damping">λ.</param>
/// <param name="EffectiveDimension">tr(H(H + λI)⁻¹).</param>
/// <param name="LogDeterminant">log det(H + λI).</param>
internal sealed record DampedReport(double Damping, SpectralNumber EffectiveDimension, SpectralNumber LogDeterminant);
