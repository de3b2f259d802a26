using ActorHutch.Coordinator.Scheduling;
using ScottPlot;

namespace ActorHutch.Coordinator.Reports.Pictures;

/// <summary>The running estimate with its confidence band, against the number of probes.</summary>
internal static class ConvergencePicture
{
    private const int Points = 400;
    private const int FirstOfMany = 10;

    /// <summary>Draws it; null where there are too few probes for a curve.</summary>
    /// <param name="report">The job's report.</param>
    /// <param name="record">How it came about.</param>
    public static Picture? Draw(Report report, JobRecord record)
    {
        if (report is not { Trace: { } trace, StandardError: { } error, Confidence: { } confidence }) return null;
        bool takesTurns = report.Job.Spec.Estimator.TakesTurns;
        string unit = takesTurns ? "random vector" : report.Job.Spec.Estimator.Unit;
        long probes = takesTurns ? record.Values.Sum(values => (long)values.Count) : report.Probes;
        // The first few probes say nothing and would take most of the room.
        long first = probes >= 10 * FirstOfMany ? FirstOfMany : 2;
        double rounding = report.Rounding?.Bound ?? 0;
        var curve = report.Part is null && report.Spectrum is null
            ? RunningEstimates.Of(record.Values, confidence.Level, rounding, RunningEstimates.Steps(first, probes, probes <= first ? 1 : Points))
            : RunningEstimates.Of([.. record.History.Points.Where(point => point.Count >= first)], confidence.Level, rounding);
        if (curve.Count < 2) return null;

        var plot = PictureStyle.NewPlot();
        var (low, high) = Range(curve, report.ExactTrace);
        Coordinates At(RunningEstimate point, double y) => new(Math.Log10(point.Probes), y);
        var band = plot.Add.Polygon(
            [.. curve.Select(point => At(point, point.Confidence.High)), .. curve.Reverse().Select(point => At(point, point.Confidence.Low))]);
        band.FillColor = PictureStyle.Estimate.WithAlpha(PictureStyle.BandOpacity);
        band.LineWidth = 0;
        if (report.ExactTrace is { } exact) plot.Add.HorizontalLine(exact, 2, PictureStyle.Exact);
        var line = plot.Add.ScatterLine(curve.Select(point => At(point, point.Trace)).ToArray(), PictureStyle.Estimate);
        line.LineWidth = 2;
        plot.Add.Marker(Math.Log10(probes), trace, MarkerShape.FilledCircle, 8, PictureStyle.Estimate);

        double left = Math.Log10(first), right = Math.Log10(probes);
        plot.Axes.SetLimits(left, right + 0.02 * (right - left), low, high);
        plot.Axes.Bottom.TickGenerator = PictureStyle.Logarithmic(first, probes, PictureStyle.TickLabel);
        plot.XLabel(takesTurns ? "random vectors" : report.Part is null ? "probes V" : "shards seen");
        plot.YLabel("trace");

        var notation = Notation.Of(trace, error);
        string level = Terms.Percent(confidence.Level);
        var legend = new List<LegendEntry>
        {
            new(LegendShape.LineInBand, PictureStyle.Estimate,
                $"estimate {Notation.WithError(trace, error)}, {level} interval"),
        };
        if (report.ExactTrace is { } known) legend.Add(new(LegendShape.Line, PictureStyle.Exact, $"exact {Figures.Significant(known, 6)}"));
        string end = $"after {Figures.Count(probes, unit)} it stands at {notation.Write(trace)} with a standard error of {notation.Write(error)}";
        return new Picture(
            "convergence", $"The estimate as {unit}s come in", PictureText.Subtitle(report),
            $"The running estimate of the trace against the number of {unit}s, on a logarithmic axis, in its {level} confidence band, which narrows: {end}"
            + (report.ExactTrace is { } e ? $"; the exact trace is {Figures.Significant(e, 6)}." : "."))
        {
            Legend = legend,
            Panels = [new Panel(plot)],
        };
    }

    /// <summary>What the trace's axis shows: all of the curve, and the band but for its first, wide part.</summary>
    private static (double Low, double High) Range(IReadOnlyList<RunningEstimate> curve, double? exact)
    {
        long steadyFrom = Math.Max(FirstOfMany, 2);
        var steady = curve.Where(point => point.Probes >= steadyFrom).DefaultIfEmpty(curve[^1]).ToArray();
        double[] shown =
        [
            .. curve.Select(point => point.Trace), .. steady.SelectMany(point => (double[])[point.Confidence.Low, point.Confidence.High]),
            .. exact is { } value ? [value] : Array.Empty<double>(),
        ];
        return PictureText.Padded(shown.Min(), shown.Max());
    }
}
