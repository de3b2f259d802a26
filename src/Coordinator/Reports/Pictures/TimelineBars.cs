using ActorHutch.Coordinator.Scheduling;
using ScottPlot;
using SkiaSharp;

namespace ActorHutch.Coordinator.Reports.Pictures;

/// <summary>
/// The bars of a timeline. The chunks of a worker whose chunks are too short to be told apart are drawn as one bar for as
/// long as it was busy, so that a picture of many thousands is small and shows what there is to see; those with something
/// to them are always drawn by themselves.
/// </summary>
/// <param name="entries">The attempts.</param>
/// <param name="workers">The rows, from the top down.</param>
/// <param name="factor">Units of the axis in a second.</param>
internal sealed class TimelineBars(IReadOnlyList<TimelineEntry> entries, IReadOnlyList<string> workers, double factor) : IPlottable
{
    private const double BarShare = 0.68;
    private const float NarrowBar = 3;
    private const float NarrowGap = 1;

    /// <summary>Chunks shorter than this share of the axis, four units of a picture or so, are not told apart.</summary>
    private const double ShortShare = 1.0 / 150;

    private const float LeastVisible = 3;

    private static readonly Color Neutral = Color.FromHex("#607080");

    public bool IsVisible { get; set; } = true;

    public IAxes Axes { get; set; } = new Axes();

    public IEnumerable<LegendItem> LegendItems => [];

    /// <summary>What bars look like, of those that occur.</summary>
    public static LegendEntry[] Legend(IReadOnlyList<TimelineEntry> entries)
    {
        var looks = entries.Select(LookOf).ToHashSet();
        double end = entries.Max(entry => entry.End);
        var merged = Rows(entries).Select(row => AreShort(row, end)).ToHashSet();
        string plain = !merged.Contains(true) ? "a chunk" : merged.Contains(false) ? "a chunk, or many short ones" : "many short chunks";
        (Look Look, LegendEntry Entry)[] all =
        [
            (Look.Plain, new(LegendShape.Box, Neutral, plain)),
            (Look.Again, new(LegendShape.Stripes, Neutral, "issued again, or a copy")),
            (Look.Second, new(LegendShape.Outline, Neutral, "came second")),
            (Look.Failed, new(LegendShape.Box, PictureStyle.Trouble, "failed")),
            (Look.Unanswered, new(LegendShape.Outline, PictureStyle.Trouble, "no answer")),
        ];
        return [.. all.Where(one => looks.Contains(one.Look)).Select(one => one.Entry)];
    }

    public AxisLimits GetAxisLimits() =>
        new(0, entries.Max(entry => entry.End) * factor, -0.5, workers.Count - 0.5);

    public void Render(RenderPack rp)
    {
        double end = entries.Max(entry => entry.End);
        foreach (var row in Rows(entries))
        {
            int number = workers.ToList().IndexOf(row.Key);
            double y = workers.Count - 1 - number;
            float top = Axes.GetPixelY(y + BarShare / 2), bottom = Axes.GetPixelY(y - BarShare / 2);
            var color = PictureStyle.Palette[number % PictureStyle.Palette.Count];
            // What is rare comes last, or a bar of many chunks would cover it.
            foreach (var (entry, left, right) in Merged(row.OrderBy(entry => entry.Start), AreShort(row, end)).OrderBy(bar => LookOf(bar.Entry) != Look.Plain))
                Draw(rp.Canvas, LookOf(entry), new SKRect(left, top, right, bottom), color);
        }
    }

    private IEnumerable<(TimelineEntry Entry, float Left, float Right)> Merged(IEnumerable<TimelineEntry> row, bool merges)
    {
        (TimelineEntry Entry, float Left, float Right)? open = null;
        foreach (var entry in row)
        {
            float left = Axes.GetPixelX(entry.Start * factor), right = Axes.GetPixelX(entry.End * factor);
            if (LookOf(entry) != Look.Plain)
            {
                yield return (entry, left, right);
                continue;
            }

            if (merges && open is { } bar && left - bar.Right < NarrowGap)
            {
                open = (bar.Entry, bar.Left, Math.Max(bar.Right, right));
                continue;
            }

            if (open is { } done) yield return done;
            open = (entry, left, right);
        }

        if (open is { } last) yield return last;
    }

    private static IEnumerable<IGrouping<string, TimelineEntry>> Rows(IEnumerable<TimelineEntry> entries) =>
        entries.GroupBy(entry => entry.Worker.Id);

    /// <summary>Whether half of a worker's chunks, or more, are too short to be told apart.</summary>
    private static bool AreShort(IEnumerable<TimelineEntry> row, double end)
    {
        double[] times = [.. row.Where(entry => LookOf(entry) == Look.Plain).Select(entry => entry.End - entry.Start).Order()];
        return times.Length > 0 && times[times.Length / 2] < end * ShortShare;
    }

    private static void Draw(SKCanvas canvas, Look look, SKRect bar, Color color)
    {
        // Something rare must be seen however short it was.
        if (look != Look.Plain && bar.Width < LeastVisible) bar = SKRect.Create(bar.Left, bar.Top, LeastVisible, bar.Height);
        // A hair of paper between neighbours.
        else if (bar.Width > NarrowBar) bar = SKRect.Create(bar.Left, bar.Top, bar.Width - 1, bar.Height);

        using var paint = new SKPaint { Color = color.ToSKColor(), IsAntialias = true, StrokeWidth = 1.5f };
        switch (look)
        {
            case Look.Plain:
                canvas.DrawRect(bar, paint);
                break;
            case Look.Failed:
                paint.Color = PictureStyle.Trouble.ToSKColor();
                canvas.DrawRect(bar, paint);
                break;
            case Look.Again:
                Stripe(canvas, bar, paint);
                Outline(canvas, bar, paint);
                break;
            case Look.Second:
                Outline(canvas, bar, paint);
                break;
            case Look.Unanswered:
                paint.Color = PictureStyle.Trouble.ToSKColor();
                Outline(canvas, bar, paint);
                break;
        }
    }

    private static void Outline(SKCanvas canvas, SKRect bar, SKPaint paint)
    {
        paint.Style = SKPaintStyle.Stroke;
        bar.Inflate(-0.75f, -0.75f);
        canvas.DrawRect(bar, paint);
    }

    /// <summary>Slanted lines, cut at the bar's edges: a pattern would be one more thing that readers of SVG get wrong.</summary>
    private static void Stripe(SKCanvas canvas, SKRect bar, SKPaint paint)
    {
        const float Step = 5;
        for (float offset = Step; offset < bar.Width + bar.Height; offset += Step)
        {
            // From the left edge or the bottom, up to the right: x + y = offset, y upwards from the bottom.
            float x1 = Math.Max(0, offset - bar.Height), y1 = Math.Min(offset, bar.Height);
            float x2 = Math.Min(offset, bar.Width), y2 = Math.Max(0, offset - bar.Width);
            canvas.DrawLine(bar.Left + x1, bar.Bottom - y1, bar.Left + x2, bar.Bottom - y2, paint);
        }
    }

    private static Look LookOf(TimelineEntry entry) => entry.Fate switch
    {
        AttemptFate.Failed => Look.Failed,
        AttemptFate.Unanswered => Look.Unanswered,
        AttemptFate.Duplicate => Look.Second,
        _ => entry.Attempt > 1 ? Look.Again : Look.Plain,
    };

    private enum Look
    {
        Plain,
        Again,
        Second,
        Failed,
        Unanswered,
    }
}
