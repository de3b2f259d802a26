using ActorHutch.Curvature.Eigenvalues;
using ActorHutch.Curvature.Statistics;

namespace ActorHutch.Curvature.Estimation;

/// <summary>The trace of one diagonal block.</summary>
/// <param name="Name">The parameter's name.</param>
/// <param name="Trace">The block's trace, or its estimate.</param>
/// <param name="StandardError">The estimate's standard error; 0 where the trace is exact.</param>
public sealed record BlockTrace(string Name, double Trace, double StandardError);

/// <summary>What the quadratic forms of some probes say about the trace.</summary>
/// <param name="Trace">The trace, or its estimate.</param>
/// <param name="StandardError">The estimate's standard error; 0 where the trace is exact, not a number for a single probe.</param>
/// <param name="Probes">How many probes it rests on, random ones or basis vectors; shards, where it is from a part of them.</param>
/// <param name="Confidence">An interval for the trace, widened by what rounding may add where that is known.</param>
/// <param name="Blocks">One entry a block; empty where the blocks were not told apart.</param>
public sealed record TraceEstimate(
    double Trace, double StandardError, long Probes, ConfidenceInterval Confidence, IReadOnlyList<BlockTrace> Blocks)
{
    /// <summary>Whether there is no sampling error: all basis vectors were evaluated.</summary>
    public bool IsExact { get; init; }

    /// <summary>
    /// With how many degrees of freedom the standard error is known: V − 1 where it is that of the probes among each other; about as many
    /// as there are samples, and more, where it is that of each sample's own probes. Infinite where the trace is exact.
    /// </summary>
    public double DegreesOfFreedom { get; init; } = double.PositiveInfinity;

    /// <summary>Whether the standard error comes from each sample's own probes, and not from the probes among each other.</summary>
    public bool IsBySample { get; init; }

    /// <summary>The part of the samples that was seen, in shards whose values are a sample of all; null where all samples were.</summary>
    public SeenPart? Part { get; init; }

    /// <summary>
    /// The values whose mean the trace is, one for each random vector that tells of it; null where probes' quadratic forms are.
    /// </summary>
    public IReadOnlyList<double>? Values { get; init; }

    /// <summary>What the probes say of the eigenvalues; null where they say nothing of them.</summary>
    public SpectrumEstimate? Spectrum { get; init; }

    /// <summary>The eigenvalues that were looked for, whose sum then takes the trace's place; null where none were.</summary>
    public EigenvalueEstimate? Eigenvalues { get; init; }

    /// <summary>The diagonal, whose sum is the trace; null where it was not asked for.</summary>
    public DiagonalEstimate? Diagonal { get; init; }

    /// <summary>The skewness of these values, g = m₃/m₂^(3/2); 0 where the trace is exact.</summary>
    public double Skewness { get; init; }

    /// <summary>How much rounding moves it, which the interval holds; null where it is not known, or none.</summary>
    public RoundingError? Rounding { get; init; }

    /// <summary>The variance of one probe's vᵀHv, s²; 0 where the trace is exact.</summary>
    public double ProbeVariance => StandardError * StandardError * Probes;

    /// <summary>The interval's half-width without what rounding adds: more probes reduce it.</summary>
    public double StatisticalHalfWidth => Confidence.HalfWidth - (Rounding?.Bound ?? 0);

    /// <summary>Whether rounding is a relevant part of the interval, or of the error that is expected of an exact trace at most.</summary>
    public bool RoundingIsRelevant =>
        Rounding?.IsRelevantBeside(IsExact ? ExactTrace.ErrorOf(Trace) : StatisticalHalfWidth) ?? false;
}
