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
/// <param name="Curve">Density and distribution function, with the latter's interval over the probes.</param>
internal sealed record SpectrumReport(
    int LanczosSteps, double Least, double Greatest, SpectralNumber SquaredNorm, SpectralNumber NegativeShare, double KernelWidth, IReadOnlyList<SpectralPoint> Curve)
{
    /// <summary>That of a job; null where there is none.</summary>
    public static SpectrumReport? Of(JobResult result) => result.Estimate?.Spectrum is not { } spectrum ? null : new(
        result.Spec.CurvatureOptions().LanczosSteps!.Value, spectrum.Least, spectrum.Greatest, spectrum.SquaredNorm, spectrum.NegativeShare, spectrum.KernelWidth,
        spectrum.Curve());
}
