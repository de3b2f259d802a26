using ScottPlot;

namespace ActorHutch.Coordinator.Reports.Pictures;

/// <summary>Several runs' estimates against the number of probes, and the exact value.</summary>
internal static class AccuracyPicture
{
    private const int EnvelopePoints = 120;

    /// <summary>Draws it; null where no run was done.</summary>
    public static Picture? Draw(AccuracyReport report)
    {
        if (report.Points.Count < 2) return null;
        var plot = PictureStyle.NewPlot();
        var (first, last) = (report.Points[0].Probes, report.Points[^1].Probes);
        if (report is { ExactTrace: { } center, ProbeDeviation: { } deviation } && double.IsFinite(deviation))
            DrawEnvelope(plot, center, deviation, first, last);

        foreach (var run in report.Runs)
        {
            var line = plot.Add.ScatterLine(
                run.Estimates.Select(estimate => new Coordinates(Math.Log10(estimate.Probes), estimate.Trace)).ToArray(),
                PictureStyle.Estimate);
            line.LineWidth = 1.25f;
            line.LinePattern = LinePattern.DenselyDashed;
        }

        if (report.ExactTrace is { } exact) plot.Add.HorizontalLine(exact, 2.5f, PictureStyle.Exact);
        var (low, high) = PictureText.Padded(
            Math.Min(report.Points.Min(point => point.Lowest), report.ExactTrace ?? double.PositiveInfinity),
            Math.Max(report.Points.Max(point => point.Highest), report.ExactTrace ?? double.NegativeInfinity));
        plot.Axes.SetLimits(Math.Log10(first), Math.Log10(last), low, high);
        plot.Axes.Bottom.TickGenerator = PictureStyle.Logarithmic(first, last, PictureStyle.TickLabel);
        plot.XLabel("number of probes V");
        plot.YLabel("trace");

        var end = report.Points[^1];
        return new Picture(
            "accuracy", "Estimates of the trace against the number of probes", Subtitle(report),
            $"The estimates of {Figures.Count(report.Runs.Count, "run")} with different seeds, as dashed orange lines, from "
            + $"{Figures.Whole(first)} to {Figures.Count(last, "probe")} on a logarithmic axis. They draw together"
            + (report.ExactTrace is { } known ? $" about the exact trace, {Figures.Significant(known, 6)}, a blue line" : "")
            + $": at {Figures.Count(last, "probe")} their standard deviation is {Figures.Significant(end.Spread, 2)}.")
        {
            Legend =
            [
                .. report.ExactTrace is { } value
                    ? [new LegendEntry(LegendShape.LineInBand, PictureStyle.Exact, $"exact {Figures.Significant(value, 6)}, ± 2 σ/√V")]
                    : Array.Empty<LegendEntry>(),
                new(LegendShape.Dashes, PictureStyle.Estimate, $"estimates, {Figures.Count(report.Runs.Count, "seed")}"),
            ],
            Panels = [new Panel(plot)],
        };
    }

    /// <summary>Where nearly all estimates should be: two standard errors about the exact value.</summary>
    private static void DrawEnvelope(Plot plot, double center, double deviation, long first, long last)
    {
        double[] xs = [.. Enumerable.Range(0, EnvelopePoints).Select(i =>
            Math.Log10(first) + (Math.Log10(last) - Math.Log10(first)) * i / (EnvelopePoints - 1))];
        Coordinates At(double x, int sign) => new(x, center + sign * 2 * deviation / Math.Sqrt(Math.Pow(10, x)));
        var envelope = plot.Add.Polygon([.. xs.Select(x => At(x, 1)), .. xs.Reverse().Select(x => At(x, -1))]);
        envelope.FillColor = PictureStyle.Exact.WithAlpha(PictureStyle.BandOpacity / 2);
        envelope.LineWidth = 0;
    }

    private static string Subtitle(AccuracyReport report)
    {
        var spec = report.Job.Spec;
        return string.Join(" · ", ((string?[])
        [
            report.Model?.Name, Terms.Matrix(spec), report.Method,
            $"{Terms.Distribution(spec.Distribution)} probes in {Terms.Space(spec)} space",
        ]).OfType<string>());
    }
}
