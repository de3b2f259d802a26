using ScottPlot;

namespace ActorHutch.Coordinator.Reports.Pictures;

/// <summary>The trace along training, with intervals.</summary>
internal static class SeriesPicture
{
    /// <summary>Draws it; null where fewer than two checkpoints have a trace.</summary>
    public static Picture? Draw(SeriesReport report)
    {
        var (at, areSteps) = report.Axis();
        (double X, SeriesRow Row)[] rows = [.. at.Zip(report.Rows, (x, row) => (x, row)).Where(pair => pair.row.Trace is not null)];
        if (rows.Length < 2) return null;
        var plot = PictureStyle.NewPlot();
        double Low(SeriesRow row) => row.Confidence is { } interval && double.IsFinite(interval.Low) ? interval.Low : row.Trace!.Value;
        double High(SeriesRow row) => row.Confidence is { } interval && double.IsFinite(interval.High) ? interval.High : row.Trace!.Value;
        var band = plot.Add.Polygon(
            [.. rows.Select(pair => new Coordinates(pair.X, High(pair.Row))), .. rows.Reverse().Select(pair => new Coordinates(pair.X, Low(pair.Row)))]);
        band.FillColor = PictureStyle.Estimate.WithAlpha(PictureStyle.BandOpacity);
        band.LineWidth = 0;
        Coordinates[] line = [.. rows.Select(pair => new Coordinates(pair.X, pair.Row.Trace!.Value))];
        plot.Add.ScatterLine(line, PictureStyle.Estimate).LineWidth = 2;
        foreach (var point in line) plot.Add.Marker(point.X, point.Y, MarkerShape.FilledCircle, 6, PictureStyle.Estimate);
        var (low, high) = PictureText.Padded(rows.Min(pair => Low(pair.Row)), rows.Max(pair => High(pair.Row)));
        double margin = 0.02 * (rows[^1].X - rows[0].X);
        plot.Axes.SetLimits(rows[0].X - margin, rows[^1].X + margin, low, high);
        plot.XLabel(areSteps ? "step" : "checkpoint");
        plot.YLabel("trace");

        var spec = report.Job.Spec;
        bool isExact = rows.All(pair => pair.Row.Confidence is null);
        string interval = isExact ? "exact" : $"estimate, {Terms.Percent(spec.ConfidenceLevel)} interval";
        return new Picture(
            "series", SeriesText.Title(report),
            string.Join(" · ", ((string?[])[report.Model?.Name, Terms.Matrix(spec), report.Method]).OfType<string>()),
            $"The trace of {Figures.Count(rows.Length, "checkpoint")}, from {Figures.Significant(line[0].Y, 4)} at {(areSteps ? "step" : "checkpoint")} {Figures.Whole(line[0].X)} to "
            + $"{Figures.Significant(line[^1].Y, 4)} at {Figures.Whole(line[^1].X)}; the largest is {Figures.Significant(line.Max(point => point.Y), 4)}.")
        {
            Legend = [new LegendEntry(isExact ? LegendShape.Line : LegendShape.LineInBand, PictureStyle.Estimate, interval)],
            Panels = [new Panel(plot)],
        };
    }
}
