namespace ActorHutch.Coordinator.Reports.Pictures;

/// <summary>What pictures say and how much room they leave.</summary>
internal static class PictureText
{
    private const double PaddingShare = 0.06;

    /// <summary>What was computed, in a line.</summary>
    public static string Subtitle(Report report) => string.Join(" · ", ((string?[])
    [
        report.Model?.Name,
        $"{Matrix(report.Matrix)}, {Structure(report.Structure)}",
        report.Method,
        report.Kind == "exact"
            ? Figures.Count(report.Probes, "basis vector")
            : $"{Figures.Whole(report.Probes)} {report.Distribution} probes in {report.ProbeSpace} space",
    ]).OfType<string>());

    /// <summary>A matrix by its name.</summary>
    public static string Matrix(string word) => word == "ggn" ? "generalised Gauss-Newton matrix" : "Hessian";

    /// <summary>How much of the matrix.</summary>
    public static string Structure(string word) => word == "block" ? "block-diagonal" : word;

    /// <summary>A share, without needless zeros: 95 %.</summary>
    public static string Percent(double share) =>
        (share * 100).ToString("0.###", System.Globalization.CultureInfo.InvariantCulture) + " %";

    /// <summary>A range with some room at both ends; some room around a single value.</summary>
    public static (double Low, double High) Padded(double low, double high)
    {
        double pad = high > low ? (high - low) * PaddingShare : Math.Max(Math.Abs(low) * 0.01, 1e-12);
        return (low - pad, high + pad);
    }
}
