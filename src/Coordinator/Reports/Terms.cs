using System.Globalization;
using ActorHutch.Curvature.Eigenvalues;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Reports;

/// <summary>What options and reports say in a word, as prose says it: the same on the terminal, on pages and in pictures.</summary>
internal static class Terms
{
    private static readonly string Ggn = CurvatureMatrix.Ggn.Word();
    private static readonly string Block = BlockStructure.Block.Word();

    /// <summary>A matrix by its name.</summary>
    public static string Matrix(string word) => word == Ggn ? "generalised Gauss-Newton matrix" : "Hessian";

    /// <summary>A matrix by its name.</summary>
    public static string Matrix(CurvatureMatrix matrix) => Matrix(matrix.Word());

    /// <summary>How much of the matrix.</summary>
    public static string Structure(string word) => word == Block ? "block-diagonal" : word;

    /// <summary>A matrix, and how much of it.</summary>
    public static string Matrix(JobSpec spec) => $"{Matrix(spec.Matrix)}, {Structure(spec.Structure.Word())}";

    /// <summary>A distribution's name, with a capital where it is a person's.</summary>
    public static string Distribution(string word) =>
        word is "rademacher" or "gaussian" ? string.Concat(char.ToUpperInvariant(word[0]).ToString(), word.AsSpan(1)) : word;

    /// <summary>A distribution's name, with a capital where it is a person's.</summary>
    public static string Distribution(ProbeDistribution distribution) => Distribution(distribution.Word());

    /// <summary>What a job's result is, as a title has it: an exact trace is a trace.</summary>
    public static string Quantity(JobSpec spec) => spec.Estimator switch
    {
        { FindsEigenvalues: true } when spec.Eigenvalues.End == SpectrumEnd.Both => $"{spec.Eigenvalues.Count} largest and smallest {spec.Estimator.Quantity}",
        { FindsEigenvalues: true } => $"{spec.Eigenvalues.Count} {spec.Eigenvalues.End.Word()} {spec.Estimator.Quantity}",
        { RunsLanczos: true } or { TellsDiagonal: true } => spec.Estimator.Quantity,
        _ => "trace",
    };

    /// <summary>Where a job's probes are drawn: one of the spaces, or auto where no worker picked one yet.</summary>
    public static string Space(JobSpec spec) => spec.ProbeSpace?.Word() ?? Choices.Auto;

    /// <summary>The probes that a job takes, without their number: <c>Rademacher probes in parameter space</c>.</summary>
    /// <param name="spec">The job.</param>
    /// <param name="count">How many, since one is said otherwise.</param>
    public static string Probes(JobSpec spec, long count)
    {
        string unit = count == 1 ? spec.Estimator.Unit : spec.Estimator.Unit + "s";
        if (spec.Estimator.RunsLanczos)
            return $"{Distribution(spec.Distribution)} {unit}, a Lanczos run of {Figures.Count(spec.CurvatureOptions().LanczosSteps!.Value, "step")} each";
        if (spec.Estimator.TakesTurns) return unit;
        if (spec.Estimator.TakesPart)
            return $"{unit} of the samples, {Figures.Whole(spec.Probes)} {Distribution(spec.Distribution)} probes of each in {Space(spec)} space";
        return $"{(spec.Estimator.IsExact ? "" : Distribution(spec.Distribution) + " ")}{unit} in {Space(spec)} space";
    }

    /// <summary>A chunk by its number; the one of the probes in both precisions has none that people would know.</summary>
    public static string Chunk(long chunk) => chunk >= 0 ? $"chunk {Figures.Whole(chunk)}" : "the probes in both precisions";

    /// <summary>A share, without needless zeros: 95 %.</summary>
    public static string Percent(double share) => (share * 100).ToString("0.###", CultureInfo.InvariantCulture) + " %";
}
