namespace ActorHutch.Coordinator.Reports.Pictures;

/// <summary>What pictures say and how much room they leave.</summary>
internal static class PictureText
{
    private const double PaddingShare = 0.06;

    /// <summary>What was computed, in a line.</summary>
    public static string Subtitle(Report report) => string.Join(" · ", ((string?[])
    [
        report.Model?.Name,
        $"{Terms.Matrix(report.Matrix)}, {Terms.Structure(report.Structure)}",
        report.Method,
        report.Kind == "exact"
            ? Figures.Count(report.Probes, "basis vector")
            : $"{Figures.Whole(report.Probes)} {Terms.Probes(report.Job.Spec, report.Probes)}",
    ]).OfType<string>());

    /// <summary>A range with some room at both ends; some room around a single value.</summary>
    public static (double Low, double High) Padded(double low, double high)
    {
        double pad = high > low ? (high - low) * PaddingShare : Math.Max(Math.Abs(low) * 0.01, 1e-12);
        return (low - pad, high + pad);
    }
}
