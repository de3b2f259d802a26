namespace ActorHutch.Coordinator.Reports;

/// <summary>Why a job stopped, for people: the same on the terminal, on pages and on the live page.</summary>
internal static class StopText
{
    /// <summary>Whether it says more than that a job is done.</summary>
    public static bool IsNotable(Report report) => report.Eigenvalues is not null || report.StopReason != StopReasons.Completed || Target(report) is not null;

    /// <summary>Why it stopped, as a clause.</summary>
    public static string Of(Report report)
    {
        var estimator = report.Job.Spec.Estimator;
        string probes = Figures.Count(report.Probes, estimator.Unit);
        return report.StopReason switch
        {
            StopReasons.TargetReached or StopReasons.Completed when report.Eigenvalues is { } found => Of(found, probes),
            StopReasons.Completed => $"after all {probes}"
                + (Target(report) is { } target ? $"; the interval is still wider than {target} of the trace" : ""),
            StopReasons.TargetReached => $"the interval's half-width is within {Target(report)} of the trace, after {probes}"
                + (report.Rounding is { Problem: not null } ? "; the rounding error of float32 is not known, and not in it" : ""),
            StopReasons.Imprecise => $"float32 is not precise enough, after {probes}",
            StopReasons.Interrupted when estimator.IsExact => $"interrupted: an exact trace takes all {estimator.Unit}s",
            StopReasons.Interrupted when estimator is { TakesTurns: true, TellsTrace: true } && report.Trace is null =>
                $"interrupted: there is no estimate before the last of {Figures.Count(report.Planned, estimator.Unit)}",
            StopReasons.Interrupted => $"interrupted after {Figures.Whole(report.Probes)} of {Figures.Count(report.Planned, estimator.Unit)}",
            _ => report.Error?.TrimEnd('.') ?? "failed",
        };
    }

    private static string Of(EigenvaluesReport found, string products)
    {
        string right = $"within the {Figures.Significant(found.Tolerance, 2)} that was asked for";
        return found.Converged
            ? $"every residual is {right}, after {products}"
            : $"not converged: some residuals are not {right}, after {products}; use more --probes, or --dtype float64";
    }

    /// <summary>The same as a sentence.</summary>
    public static string Sentence(Report report)
    {
        string text = Of(report);
        return $"{char.ToUpperInvariant(text[0])}{text[1..]}.";
    }

    private static string? Target(Report report) =>
        report.Job.Spec.Target is { } error ? $"{Figures.Significant(error * 100, 3)} %" : null;
}

/// <summary>Why a job stopped, as programs read it.</summary>
internal static class StopReasons
{
    /// <summary>All chunks are done.</summary>
    public const string Completed = "completed";

    /// <summary>The interval is as narrow as was asked for.</summary>
    public const string TargetReached = "targetReached";

    /// <summary>The user interrupted it.</summary>
    public const string Interrupted = "interrupted";

    /// <summary>Single precision is not enough.</summary>
    public const string Imprecise = "imprecise";

    /// <summary>It could not go on.</summary>
    public const string Failed = "failed";
}
