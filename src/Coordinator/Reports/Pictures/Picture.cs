using ScottPlot;
using SkiaSharp;

namespace ActorHutch.Coordinator.Reports.Pictures;

/// <summary>One plot in a picture, and its share of the room below title and legend.</summary>
internal sealed record Panel(Plot Plot, float Left = 0, float Right = 1, float Top = 0, float Bottom = 1);

/// <summary>A picture that is drawn: as pixels, or as shapes.</summary>
/// <param name="Name">Its files' name, without extension.</param>
/// <param name="Title">What it shows.</param>
/// <param name="Subtitle">Of what.</param>
/// <param name="Description">What one sees in it, for those who do not see it.</param>
internal sealed record Picture(string Name, string Title, string Subtitle, string Description)
{
    /// <summary>Pixels of a PNG for one of the picture's units: sharp on fine screens, and in print at column width.</summary>
    public const int PngScale = 2;

    private const int Margin = 20;
    private const int EdgeMargin = 10;
    private const float TitleBaseline = 34;
    private const float SubtitleBaseline = 55;
    private const float LegendBelowTitle = 76;
    private const float LegendAlone = 14;
    private const float LegendRow = 22;
    private const float BelowLegend = 12;

    public int Width { get; init; } = 820;

    /// <summary>The height below title and legend.</summary>
    public int BodyHeight { get; init; } = 382;

    /// <summary>Whether title and subtitle are drawn; a page has them in its text.</summary>
    public bool HasTitle { get; init; } = true;

    /// <summary>What the colours and shapes mean.</summary>
    public IReadOnlyList<LegendEntry> Legend { get; init; } = [];

    /// <summary>Its plots.</summary>
    public required IReadOnlyList<Panel> Panels { get; init; }

    /// <summary>The same for a page as narrow as a phone; null where narrowing it is enough.</summary>
    public Picture? Narrow { get; init; }

    public int Height => (int)HeadHeight + BodyHeight;

    private float LegendLeft => HasTitle ? Margin : EdgeMargin;

    private float FirstLegendRow => HasTitle ? LegendBelowTitle : LegendAlone;

    private float HeadHeight => FirstLegendRow + (LegendRows().Count - 1) * LegendRow + BelowLegend;

    /// <summary>The picture for a page: without title, and as wide as there is room.</summary>
    public Picture ForPage(int width) => this with { HasTitle = false, Width = width };

    /// <summary>The picture as a PNG file.</summary>
    public byte[] ToPng()
    {
        using var surface = SKSurface.Create(new SKImageInfo(
            Width * PngScale, Height * PngScale, SKColorType.Rgba8888, SKAlphaType.Premul));
        surface.Canvas.Scale(PngScale);
        Draw(surface.Canvas);
        using var image = surface.Snapshot();
        using var data = image.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    /// <summary>The picture as an SVG document.</summary>
    public SvgPicture ToSvg()
    {
        using var stream = new MemoryStream();
        using (var canvas = SKSvgCanvas.Create(new SKRect(0, 0, Width, Height), stream)) Draw(canvas);
        stream.Position = 0;
        return SvgPicture.Of(stream, this);
    }

    private void Draw(SKCanvas canvas)
    {
        using var paper = Fill(PictureStyle.Paper);
        canvas.DrawRect(0, 0, Width, Height, paper);
        DrawHead(canvas);
        float left = EdgeMargin, width = Width - 2 * EdgeMargin;
        float top = HeadHeight, height = Height - EdgeMargin - HeadHeight;
        foreach (var panel in Panels)
        {
            var where = new PixelRect(
                left + panel.Left * width, left + panel.Right * width, top + panel.Bottom * height, top + panel.Top * height);
            // It would clear all of the canvas, what others drew included.
            panel.Plot.RenderManager.ClearCanvasBeforeEachRender = false;
            Settle(panel.Plot, where);
            panel.Plot.Render(canvas, where);
        }
    }

    /// <summary>
    /// A plot that finds out how much room its labels take draws itself a second time, over the first: let it find out
    /// where nobody looks.
    /// </summary>
    private static void Settle(Plot plot, PixelRect where)
    {
        using var nowhere = new SKPictureRecorder();
        plot.Render(nowhere.BeginRecording(SKRect.Create(where.Right, where.Bottom)), where);
        using var unseen = nowhere.EndRecording();
    }

    private void DrawHead(SKCanvas canvas)
    {
        using var ink = Fill(PictureStyle.Ink);
        using var muted = Fill(PictureStyle.Muted);
        using var titleFont = PictureFont.Of(PictureFont.SemiBold, PictureStyle.TitleSize);
        using var textFont = PictureFont.Of(PictureFont.Regular, PictureStyle.TextSize);
        if (HasTitle)
        {
            canvas.DrawText(Title, Margin, TitleBaseline, SKTextAlign.Left, titleFont, ink);
            canvas.DrawText(Subtitle, Margin, SubtitleBaseline, SKTextAlign.Left, textFont, muted);
        }

        float middle = FirstLegendRow;
        foreach (var row in LegendRows())
        {
            float x = LegendLeft;
            foreach (var entry in row)
            {
                entry.Draw(canvas, x, middle, textFont, ink);
                x += entry.Width(textFont) + Margin;
            }

            middle += LegendRow;
        }
    }

    /// <summary>The legend, in as many rows as it takes; one, though empty, where there is none.</summary>
    private List<List<LegendEntry>> LegendRows()
    {
        using var font = PictureFont.Of(PictureFont.Regular, PictureStyle.TextSize);
        List<List<LegendEntry>> rows = [[]];
        float x = LegendLeft;
        foreach (var entry in Legend)
        {
            float width = entry.Width(font) + Margin;
            if (rows[^1].Count > 0 && x + width > Width)
            {
                rows.Add([]);
                x = LegendLeft;
            }

            rows[^1].Add(entry);
            x += width;
        }

        return rows;
    }

    private static SKPaint Fill(Color color) => new() { Color = color.ToSKColor(), IsAntialias = true };
}
