using ScottPlot;

namespace ActorHutch.Coordinator.Reports.Pictures;

/// <summary>The density of the eigenvalues, on a logarithmic axis.</summary>
internal static class SpectrumPicture
{
    /// <summary>So many decades below the highest density are shown.</summary>
    private const double Decades = 8;

    /// <summary>Draws it; null where there is no spectrum.</summary>
    public static Picture? Draw(Report report)
    {
        if (report.Spectrum is not { } spectrum || !(spectrum.Greatest > spectrum.Least)) return null;
        var plot = PictureStyle.NewPlot();
        double top = Math.Log10(spectrum.Curve.Max(point => point.Density)), bottom = top - Decades;
        Coordinates[] curve = [.. spectrum.Curve.Select(point => new Coordinates(point.Eigenvalue, Math.Max(bottom, Math.Log10(Math.Max(point.Density, double.Epsilon)))))];
        var area = plot.Add.Polygon([new Coordinates(curve[0].X, bottom), .. curve, new Coordinates(curve[^1].X, bottom)]);
        area.FillColor = PictureStyle.Estimate.WithAlpha(PictureStyle.BandOpacity);
        area.LineWidth = 0;
        plot.Add.ScatterLine(curve, PictureStyle.Estimate).LineWidth = 2;
        if (spectrum.Least < 0) plot.Add.VerticalLine(0, 1, PictureStyle.AxisLine);
        plot.Axes.SetLimits(curve[0].X, curve[^1].X, bottom, top + 0.3);
        plot.Axes.Left.TickGenerator = PictureStyle.Decades(bottom, top, PictureStyle.TickLabel, every: 2);
        plot.XLabel("eigenvalue");
        plot.YLabel("density");
        return new Picture(
            "spectrum", "The density of the eigenvalues", PictureText.Subtitle(report),
            $"The density of the eigenvalues on a logarithmic axis, smoothed with kernels of a standard deviation of {Figures.Significant(spectrum.KernelWidth, 3)}: from "
            + $"{Figures.Significant(spectrum.Least, 4)} to {Figures.Significant(spectrum.Greatest, 4)}, {Figures.Significant(100 * spectrum.NegativeShare.Value, 3)} % of them below zero by more than that.")
        {
            Legend = [new LegendEntry(LegendShape.LineInBand, PictureStyle.Estimate, $"mean of {Figures.Count(report.Probes, "probe")}, kernels of {Figures.Significant(spectrum.KernelWidth, 2)}")],
            Panels = [new Panel(plot)],
        };
    }
}
