using ScottPlot;

namespace ActorHutch.Coordinator.Reports.Pictures;

/// <summary>The eigenvalues in their order, each with its residual.</summary>
internal static class EigenvaluesPicture
{
    /// <summary>Draws them; null where there are none.</summary>
    public static Picture? Draw(Report report)
    {
        if (report.Eigenvalues is not { Values.Count: > 1 } found) return null;
        var plot = PictureStyle.NewPlot();
        if (found.Values[^1].Value < 0 && found.Values[0].Value > 0) plot.Add.HorizontalLine(0, 1, PictureStyle.AxisLine);
        for (int i = 0; i < found.Values.Count; i++)
        {
            var (value, residual) = (found.Values[i].Value, found.Values[i].Residual);
            plot.Add.Line(i + 1, value - residual, i + 1, value + residual).Color = PictureStyle.Estimate;
            plot.Add.Marker(i + 1, value, MarkerShape.FilledCircle, MarkerSize, PictureStyle.Estimate);
        }

        plot.Axes.Margins(0.05, 0.1);
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericAutomatic { IntegerTicksOnly = true };
        plot.XLabel("number, the largest first");
        plot.YLabel("eigenvalue");
        return new Picture(
            "eigenvalues", $"The {Terms.Quantity(report.Job.Spec)}", PictureText.Subtitle(report),
            $"Eigenvalues from {Figures.Significant(found.Values[^1].Value, 4)} to {Figures.Significant(found.Values[0].Value, 4)}.")
        {
            Legend = [new LegendEntry(LegendShape.LineInBand, PictureStyle.Estimate, "eigenvalue, and its residual where that is wide enough to be seen")],
            Panels = [new Panel(plot)],
        };
    }

    private const float MarkerSize = 9;
}
