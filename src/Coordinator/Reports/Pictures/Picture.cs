using ScottPlot;
using SkiaSharp;

namespace ActorHutch.Coordinator.Reports.Pictures;

/// <summary>One plot in a picture, and where it stands.</summary>
internal sealed record Panel(Plot Plot, PixelRect Where);

/// <summary>A picture that is drawn: as pixels, or as shapes.</summary>
/// <param name="Name">Its files' name, without extension.</param>
/// <param name="Title">What it shows.</param>
/// <param name="Subtitle">Of what.</param>
/// <param name="Description">What one sees in it, for those who do not see it.</param>
internal sealed record Picture(string Name, string Title, string Subtitle, string Description)
{
    /// <summary>The height of title, subtitle and legend.</summary>
    public const int HeadHeight = 88;

    /// <summary>The margin on all sides.</summary>
    public const int Margin = 20;

    /// <summary>Pixels of a PNG for one of the picture's units: sharp on fine screens, and in print at column width.</summary>
    public const int PngScale = 2;

    /// <summary>Axis labels have some margin of their own.</summary>
    private const int EdgeMargin = 10;

    private const float TitleBaseline = 34;
    private const float SubtitleBaseline = 55;
    private const float LegendMiddle = 76;

    public int Width { get; init; } = 820;

    public int Height { get; init; } = 470;

    /// <summary>What the colours and shapes mean.</summary>
    public IReadOnlyList<LegendEntry> Legend { get; init; } = [];

    /// <summary>Its plots.</summary>
    public required IReadOnlyList<Panel> Panels { get; init; }

    /// <summary>All of the picture below its head.</summary>
    public static PixelRect Body(int width, int height) => new(EdgeMargin, width - EdgeMargin, height - EdgeMargin, HeadHeight);

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
        foreach (var panel in Panels)
        {
            // It would clear all of the canvas, what others drew included.
            panel.Plot.RenderManager.ClearCanvasBeforeEachRender = false;
            panel.Plot.Render(canvas, panel.Where);
        }
    }

    private void DrawHead(SKCanvas canvas)
    {
        using var ink = Fill(PictureStyle.Ink);
        using var muted = Fill(PictureStyle.Muted);
        using var titleFont = Font(PictureFont.SemiBold, PictureStyle.TitleSize);
        using var textFont = Font(PictureFont.Regular, PictureStyle.TextSize);
        canvas.DrawText(Title, Margin, TitleBaseline, SKTextAlign.Left, titleFont, ink);
        canvas.DrawText(Subtitle, Margin, SubtitleBaseline, SKTextAlign.Left, textFont, muted);
        float x = Margin;
        foreach (var entry in Legend) x += entry.Draw(canvas, x, LegendMiddle, textFont, ink) + Margin;
    }

    private static SKPaint Fill(Color color) => new() { Color = color.ToSKColor(), IsAntialias = true };

    private static SKFont Font(SKTypeface typeface, float size) => new(typeface, size)
    {
        Edging = SKFontEdging.Antialias,
        Subpixel = true,
        Hinting = SKFontHinting.None,
    };
}
