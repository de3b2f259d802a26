using ScottPlot;
using ScottPlot.TickGenerators;

namespace ActorHutch.Coordinator.Reports.Pictures;

/// <summary>Words beside the rows of a plot, from the top row down.</summary>
internal static class RowLabels
{
    private const int MostLetters = 42;

    /// <summary>Puts them on an axis.</summary>
    /// <param name="plot">Whose rows these are.</param>
    /// <param name="axis">At the left, or at the right.</param>
    /// <param name="labels">From the top row down; the rows stand at whole numbers, the last one at 0.</param>
    /// <param name="every">Label one row of so many, where there are too many for all.</param>
    public static void Set(Plot plot, IYAxis axis, IReadOnlyList<string> labels, int every)
    {
        var ticks = new NumericManual();
        for (int i = 0; i < labels.Count; i += every)
            ticks.AddMajor(labels.Count - 1 - i, Figures.Shortened(labels[i], MostLetters));

        plot.Axes.SetLimitsY(-0.6, labels.Count - 0.4, axis);
        axis.TickGenerator = ticks;
        axis.TickLabelStyle.FontSize = PictureStyle.TextSize;
        axis.TickLabelStyle.ForeColor = axis is IAxis { Edge: Edge.Left } ? PictureStyle.Ink : PictureStyle.Muted;
        axis.MajorTickStyle.Length = 0;
        axis.MajorTickStyle.Color = PictureStyle.AxisLine;
        axis.FrameLineStyle.Width = 0;
    }
}
