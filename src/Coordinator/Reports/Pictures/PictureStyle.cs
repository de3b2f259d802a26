using System.Globalization;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace ActorHutch.Coordinator.Reports.Pictures;

/// <summary>How every picture looks: colours, type, axes.</summary>
/// <remarks>
/// Colours are those of M. Okabe and K. Ito, «Color Universal Design», 2008, with a darker orange: they differ in
/// lightness too, so that all eyes, and grey print, tell them apart. Blue is always the exact value, orange an estimate, and no worker
/// or method has either.
/// </remarks>
internal static class PictureStyle
{
    public const float TitleSize = 17;
    public const float TextSize = 12.5f;

    public static Color Paper { get; } = Color.FromHex("#FFFFFF");

    public static Color Ink { get; } = Color.FromHex("#1B2733");

    public static Color Muted { get; } = Color.FromHex("#55626F");

    public static Color AxisLine { get; } = Color.FromHex("#9AA6B2");

    public static Color GridLine { get; } = Color.FromHex("#E5E9EE");

    public static Color Exact { get; } = Color.FromHex("#0072B2");

    public static Color Estimate { get; } = Color.FromHex("#D97706");

    /// <summary>What went wrong.</summary>
    public static Color Trouble { get; } = Color.FromHex("#B3261E");

    /// <summary>Colours of things that are told apart by colour, in the order in which they are given out.</summary>
    public static IReadOnlyList<Color> Palette { get; } =
    [
        Color.FromHex("#1A8F6F"), Color.FromHex("#8D6CC1"), Color.FromHex("#56B4E9"), Color.FromHex("#C4699A"),
        Color.FromHex("#A39A2A"), Color.FromHex("#607080"),
    ];

    /// <summary>How opaque a band is.</summary>
    public const double BandOpacity = 0.18;

    /// <summary>An empty plot in this style: no frame but the bottom line, a quiet grid.</summary>
    public static Plot NewPlot()
    {
        PictureFont.Register();
        var plot = new Plot();
        plot.Font.Set(PictureFont.Name);
        plot.FigureBackground.Color = Colors.Transparent;
        plot.DataBackground.Color = Colors.Transparent;
        plot.Grid.MajorLineColor = GridLine;
        plot.Grid.MajorLineWidth = 1;
        plot.HideLegend();
        plot.Axes.Title.IsVisible = false;
        plot.Axes.Top.FrameLineStyle.Width = 0;
        plot.Axes.Right.FrameLineStyle.Width = 0;
        foreach (var axis in (IAxis[])[plot.Axes.Bottom, plot.Axes.Left])
        {
            axis.FrameLineStyle.Color = AxisLine;
            axis.FrameLineStyle.Width = 1;
            axis.TickLabelStyle.FontSize = TextSize;
            axis.TickLabelStyle.ForeColor = Muted;
            axis.Label.FontSize = TextSize;
            axis.Label.ForeColor = Ink;
            axis.Label.Bold = false;
            axis.MajorTickStyle.Color = AxisLine;
            axis.MajorTickStyle.Length = 5;
            axis.MinorTickStyle.Color = AxisLine;
            axis.MinorTickStyle.Length = 3;
        }

        plot.Axes.Left.FrameLineStyle.Width = 0;
        plot.Axes.Left.MajorTickStyle.Length = 0;
        plot.Axes.Left.MinorTickStyle.Length = 0;
        plot.Axes.Left.TickGenerator = Linear();
        plot.Axes.Bottom.TickGenerator = Linear();
        return plot;
    }

    /// <summary>A number at an axis: thousands set apart, no more decimals than it has.</summary>
    public static string TickLabel(double value) => Math.Abs(value) is (< 1e-4 or >= 1e9) and > 0
        ? value.ToString("0.###e0", CultureInfo.InvariantCulture)
        : value.ToString("#,0.######", CultureInfo.InvariantCulture).Replace('-', '\u2212');

    /// <summary>Ticks at round numbers.</summary>
    public static NumericAutomatic Linear() => new()
    {
        LabelFormatter = TickLabel,
        MinorTickGenerator = new NoMinorTicks(),
        TickDensity = 0.6,
    };

    /// <summary>Ticks of a logarithmic axis at powers of ten alone.</summary>
    /// <param name="low">The axis' lowest log₁₀.</param>
    /// <param name="high">Its highest.</param>
    /// <param name="label">Writes a value.</param>
    /// <param name="every">One power in so many has a label.</param>
    public static NumericManual Decades(double low, double high, Func<double, string> label, int every = 1)
    {
        var ticks = new NumericManual();
        double first = Math.Ceiling(low);
        for (double decade = first; decade <= high; decade++)
            ticks.AddMajor(decade, (decade - first) % every == 0 ? label(Math.Pow(10, decade)) : "");
        return ticks;
    }

    private sealed class NoMinorTicks : IMinorTickGenerator
    {
        public IEnumerable<double> GetMinorTicks(double[] majorTicks, CoordinateRange visibleRange) => [];
    }

    /// <summary>Ticks of a logarithmic axis, on which x stands at log₁₀ x.</summary>
    /// <param name="low">The lowest value shown.</param>
    /// <param name="high">The highest.</param>
    /// <param name="label">Writes a value.</param>
    public static NumericManual Logarithmic(double low, double high, Func<double, string> label)
    {
        var ticks = new NumericManual();
        // With few decades there is room for 2 and 5.
        bool between = high / low < 2e3;
        bool nextTo = high / low < 30;
        int first = (int)Math.Floor(Math.Log10(low)), last = (int)Math.Ceiling(Math.Log10(high));
        for (int decade = first; decade <= last; decade++)
        {
            for (int digit = 1; digit < 10; digit++)
            {
                double value = digit * Math.Pow(10, decade);
                if (value < low * 0.999 || value > high * 1.001) continue;
                if (digit == 1 || (between && digit is 2 or 5) || (nextTo && digit is 3 or 7))
                    ticks.AddMajor(Math.Log10(value), label(value));
                else ticks.AddMinor(Math.Log10(value));
            }
        }

        return ticks;
    }
}
