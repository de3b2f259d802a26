using ScottPlot;

namespace ActorHutch.Coordinator.Reports.Pictures;

/// <summary>The density of the eigenvalues, on a logarithmic axis.</summary>
internal static class SpectrumPicture
{
    /// <summary>So many decades below the highest density are shown.</summary>
    private const double Decades = 8;

    /// <summary>Blocks that are drawn: those whose eigenvalues' squares add up to most.</summary>
    private const int MostBlocks = 8;

    private const int BlockColumns = 2, BlockHeight = 190;

    /// <summary>Draws it; null where there is no spectrum.</summary>
    public static Picture? Draw(Report report)
    {
        if (report.Spectrum is not { } spectrum || !(spectrum.Greatest > spectrum.Least)) return null;
        return new Picture(
            "spectrum", "The density of the eigenvalues", PictureText.Subtitle(report),
            $"The density of the eigenvalues on a logarithmic axis, smoothed with kernels of a standard deviation of {Figures.Significant(spectrum.KernelWidth, 3)}: from "
            + $"{Figures.Significant(spectrum.Least, 4)} to {Figures.Significant(spectrum.Greatest, 4)}, {Figures.Significant(100 * spectrum.NegativeShare.Value, 3)} % of them below zero by more than that.")
        {
            Legend = [new LegendEntry(LegendShape.LineInBand, PictureStyle.Estimate, $"mean of {Figures.Count(report.Probes, "probe")}, kernels of {Figures.Significant(spectrum.KernelWidth, 2)}")],
            Panels = [new Panel(PlotOf(spectrum, "eigenvalue"))],
        };
    }

    /// <summary>Draws the blocks' spectra; null where there are none.</summary>
    public static Picture? DrawBlocks(Report report)
    {
        BlockSpectrumReport[] all = [.. (report.Spectrum?.Blocks ?? []).Where(block => block.Greatest > block.Least)];
        var largest = all.OrderByDescending(block => block.SquaredNorm.Value).Take(MostBlocks).ToHashSet();
        BlockSpectrumReport[] drawn = [.. all.Where(largest.Contains)];
        if (drawn.Length == 0) return null;
        int rows = (drawn.Length + BlockColumns - 1) / BlockColumns;
        string which = drawn.Length < all.Length ? $" of the {drawn.Length} blocks with the largest norms" : " of each block";
        return new Picture(
            "spectrum-blocks", $"The density of the eigenvalues{which}", PictureText.Subtitle(report),
            $"The density of the eigenvalues{which}, on logarithmic axes: "
            + string.Join(", ", drawn.Select(block => $"{block.Name} from {Figures.Significant(block.Least, 3)} to {Figures.Significant(block.Greatest, 3)}")) + ".")
        {
            BodyHeight = rows * BlockHeight,
            Panels =
            [
                .. drawn.Select((block, i) => new Panel(
                    PlotOf(block, block.Name), (float)(i % BlockColumns) / BlockColumns, (float)(i % BlockColumns + 1) / BlockColumns,
                    (float)(i / BlockColumns) / rows, (float)(i / BlockColumns + 1) / rows)),
            ],
        };
    }

    private static Plot PlotOf(MatrixSpectrumReport spectrum, string label)
    {
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
        plot.XLabel(label);
        plot.YLabel("density");
        return plot;
    }
}
