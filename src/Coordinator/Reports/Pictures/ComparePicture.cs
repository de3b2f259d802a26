using ActorHutch.Curvature.Operators;
using ActorHutch.Shared.Jobs;
using ScottPlot;

namespace ActorHutch.Coordinator.Reports.Pictures;

/// <summary>The contenders' speed, and the time they take to one per cent, as bars.</summary>
internal static class ComparePicture
{
    private const int RowHeight = 32;
    private const int AxisHeight = 60;
    private const int Width = 980;
    // Between the two there is room for half a label of each axis.
    private const float SpeedShare = 0.56f;
    private const float TimeShare = 0.6f;

    /// <summary>Draws it; null where no contender has a figure.</summary>
    public static Picture? Draw(CompareReport report)
    {
        var rows = report.Measured.ToArray();
        if (rows.Length == 0) return null;
        var spec = report.Job.Spec;
        var picture = new Picture(
            "compare", "Ways to the trace",
            $"{report.Model?.Name ?? spec.Risk.Model} · {Terms.Matrix(spec.Matrix)} · {Figures.Count(spec.Probes, $"{Terms.Distribution(spec.Distribution)} probe")} each · logarithmic axes",
            $"Bars of probes per second and of the time to a relative standard error of 1 % for {Figures.Count(rows.Length, "way")} to compute them. "
            + string.Join("; ", rows.Select(row => $"{CompareText.Label(row)}, V_batch {row.VBatch}: {Figures.Significant(row.ProbesPerSecond!.Value, 3)} probes/s, {Figures.Seconds(row.SecondsToTarget!.Value)}"))
            + $". The soonest is {CompareText.Label(report.Soonest!)}.")
        {
            Width = Width,
            BodyHeight = AxisHeight + RowHeight * rows.Length,
            Legend = [.. rows.Select(row => row.Method).Distinct().Select(method => new LegendEntry(LegendShape.Box, ColorOf(method), method))],
            Panels = [new Panel(Speed(rows, narrow: false), 0, SpeedShare), new Panel(Time(rows, narrow: false), TimeShare, 1)],
        };
        return picture with
        {
            // One below the other.
            Narrow = picture with
            {
                BodyHeight = 2 * picture.BodyHeight,
                Panels = [new Panel(Speed(rows, narrow: true), Bottom: 0.5f), new Panel(Time(rows, narrow: true), Top: 0.5f)],
            },
        };
    }

    private static Plot Speed(CompareRow[] rows, bool narrow)
    {
        var plot = Bars(rows, [.. rows.Select(row => row.ProbesPerSecond!.Value)], PictureStyle.TickLabel, value => Figures.Significant(value, 3), narrow);
        RowLabels.Set(plot, plot.Axes.Left, [.. rows.Select(LabelOf)], 1);
        plot.XLabel("probes per second");
        return plot;
    }

    private static Plot Time(CompareRow[] rows, bool narrow)
    {
        var plot = Bars(rows, [.. rows.Select(row => row.SecondsToTarget!.Value)], Figures.Round, Figures.Seconds, narrow);
        RowLabels.Set(plot, plot.Axes.Left, [.. rows.Select(row => narrow ? LabelOf(row) : "")], 1);
        plot.XLabel("time to a standard error of 1 %");
        return plot;
    }

    private static string LabelOf(CompareRow row) => $"{CompareText.Label(row)}, V_batch {Figures.Whole(row.VBatch)}";

    private static Plot Bars(CompareRow[] rows, double[] values, Func<double, string> tick, Func<double, string> label, bool narrow)
    {
        var plot = PictureStyle.NewPlot();
        double low = Math.Floor(Math.Log10(values.Min()) - 0.3), high = Math.Log10(values.Max());
        for (int i = 0; i < values.Length; i++)
        {
            double y = values.Length - 1 - i, x = Math.Log10(values[i]);
            var bar = plot.Add.Rectangle(low, x, y - 0.34, y + 0.34);
            bar.FillColor = ColorOf(rows[i].Method);
            bar.LineWidth = 0;
            var text = plot.Add.Text(label(values[i]), x, y);
            text.LabelAlignment = Alignment.MiddleLeft;
            text.LabelFontName = PictureFont.Name;
            text.LabelFontSize = PictureStyle.TextSize;
            text.LabelFontColor = PictureStyle.Muted;
            text.LabelBackgroundColor = PictureStyle.Paper;
            text.OffsetX = 5;
        }

        // Room for the figure at the end of the longest bar.
        double end = high + (narrow ? 0.5 : 0.28) * (high - low);
        plot.Axes.SetLimitsX(low, end);
        plot.Grid.YAxisStyle.IsVisible = false;
        plot.Axes.Bottom.TickGenerator = PictureStyle.Decades(low, end, tick, every: narrow ? 2 : 1);
        return plot;
    }

    private static Color ColorOf(string method) => PictureStyle.Palette[method switch
    {
        _ when method == CurvatureMethod.Quadratic.Word() => 0,
        _ when method == CurvatureMethod.Hmp.Word() => 1,
        _ => 5,
    }];
}
