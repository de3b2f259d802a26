using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Estimation;

namespace ActorHutch.Coordinator.Reports;

/// <summary>What is known of the eigenvalues of a matrix.</summary>
internal record MatrixSpectrumReport
{
    private static readonly double[] Shares = [0.1, 0.01, 1e-3, 1e-4];

    protected MatrixSpectrumReport(SpectrumEstimate spectrum)
    {
        (Least, Greatest, KernelWidth) = (spectrum.Least, spectrum.Greatest, spectrum.KernelWidth);
        (SquaredNorm, NegativeShare, StableRank) = (spectrum.SquaredNorm, spectrum.NegativeShare, spectrum.StableRank);
        Damped =
        [
            .. Shares.Select(share => share * spectrum.Greatest).Where(damping => damping > 0 && damping > -spectrum.Least)
                .Select(damping => new DampedReport(damping, spectrum.EffectiveDimension(damping), spectrum.LogDeterminant(damping))),
        ];
        Curve = spectrum.Curve();
    }

    /// <summary>The smallest node: the smallest eigenvalue is at most that.</summary>
    public double Least { get; }

    /// <summary>The largest node: the largest eigenvalue is at least that.</summary>
    public double Greatest { get; }

    /// <summary>‖H‖²_F, the sum of the eigenvalues' squares.</summary>
    public SpectralNumber SquaredNorm { get; }

    /// <summary>The share of eigenvalues below zero by more than the kernel's width.</summary>
    public SpectralNumber NegativeShare { get; }

    /// <summary>The standard deviation of the Gaussian kernels that the curve is smoothed with.</summary>
    public double KernelWidth { get; }

    /// <summary>‖H‖²_F over the square of the largest eigenvalue in size.</summary>
    public SpectralNumber StableRank { get; }

    /// <summary>What H + λI is like, for λ of some shares of the largest eigenvalue that make it positive definite.</summary>
    public IReadOnlyList<DampedReport> Damped { get; }

    /// <summary>Density and distribution function, with the latter's interval over the probes.</summary>
    public IReadOnlyList<SpectralPoint> Curve { get; }
}

/// <summary>What is known of the eigenvalues.</summary>
internal sealed record SpectrumReport : MatrixSpectrumReport
{
    private SpectrumReport(SpectrumEstimate spectrum) : base(spectrum) => Blocks = [.. spectrum.Blocks.Select(block => new BlockSpectrumReport(block))];

    /// <summary>Products of a probe's run.</summary>
    public required int LanczosSteps { get; init; }

    /// <summary>Each diagonal block's, where the matrix is block-diagonal; else none.</summary>
    public IReadOnlyList<BlockSpectrumReport> Blocks { get; }

    /// <summary>That of a job; null where there is none.</summary>
    public static SpectrumReport? Of(JobResult result) => result.Estimate?.Spectrum is not { } spectrum
        ? null
        : new SpectrumReport(spectrum) { LanczosSteps = result.Spec.CurvatureOptions().LanczosSteps!.Value };
}

/// <summary>What is known of the eigenvalues of a diagonal block.</summary>
internal sealed record BlockSpectrumReport : MatrixSpectrumReport
{
    public BlockSpectrumReport(BlockSpectrum block) : base(block.Spectrum) => Name = block.Name;

    /// <summary>The block's name.</summary>
    public string Name { get; }
}

/// <summary>A matrix with a damping.</summary>
/// <param name="Damping">λ.</param>
/// <param name="EffectiveDimension">tr(H(H + λI)⁻¹).</param>
/// <param name="LogDeterminant">log det(H + λI).</param>
internal sealed record DampedReport(double Damping, SpectralNumber EffectiveDimension, SpectralNumber LogDeterminant);
