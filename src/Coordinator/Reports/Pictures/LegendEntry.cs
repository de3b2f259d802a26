using ScottPlot;
using SkiaSharp;

namespace ActorHutch.Coordinator.Reports.Pictures;

/// <summary>How a thing is drawn.</summary>
internal enum LegendShape
{
    Line,
    Dashes,
    LineInBand,
    PointWithBar,
    Tick,
    Box,
    Outline,
    Stripes,
}

/// <summary>One line of a legend; they stand side by side, above the plot, where they cover nothing.</summary>
internal sealed record LegendEntry(LegendShape Shape, Color Color, string Text)
{
    private const float SymbolWidth = 26;
    private const float Gap = 7;

    /// <summary>How wide it is.</summary>
    public float Width(SKFont font) => SymbolWidth + Gap + font.MeasureText(Text);

    /// <summary>Draws it.</summary>
    /// <param name="canvas">Where.</param>
    /// <param name="x">Its left end.</param>
    /// <param name="middle">The height of its middle.</param>
    /// <param name="font">For the text.</param>
    /// <param name="ink">For the text.</param>
    public void Draw(SKCanvas canvas, float x, float middle, SKFont font, SKPaint ink)
    {
        using var paint = new SKPaint { Color = Color.ToSKColor(), IsAntialias = true, StrokeWidth = 2 };
        float right = x + SymbolWidth, center = x + SymbolWidth / 2;
        switch (Shape)
        {
            case LegendShape.Dashes:
                for (float dash = x; dash < right - 2; dash += 9) canvas.DrawLine(dash, middle, dash + 6, middle, paint);
                break;
            case LegendShape.LineInBand:
                using (var band = new SKPaint { Color = Color.WithAlpha(PictureStyle.BandOpacity).ToSKColor(), IsAntialias = true })
                    canvas.DrawRect(x, middle - 6, SymbolWidth, 12, band);
                canvas.DrawLine(x, middle, right, middle, paint);
                break;
            case LegendShape.PointWithBar:
                canvas.DrawLine(x + 2, middle, right - 2, middle, paint);
                canvas.DrawCircle(center, middle, 4, paint);
                break;
            case LegendShape.Tick:
                paint.StrokeWidth = 3;
                canvas.DrawLine(center, middle - 7, center, middle + 7, paint);
                break;
            case LegendShape.Box:
                canvas.DrawRect(x + 4, middle - 5, SymbolWidth - 8, 10, paint);
                break;
            case LegendShape.Outline:
                paint.Style = SKPaintStyle.Stroke;
                paint.StrokeWidth = 1.5f;
                canvas.DrawRect(x + 4, middle - 5, SymbolWidth - 8, 10, paint);
                break;
            case LegendShape.Stripes:
                paint.StrokeWidth = 1.5f;
                for (float at = x + 4; at <= right - 4; at += 4.5f) canvas.DrawLine(at, middle + 5, at + 3, middle - 5, paint);
                break;
            default:
                canvas.DrawLine(x, middle, right, middle, paint);
                break;
        }

        canvas.DrawText(Text, right + Gap, middle + font.Size * 0.36f, SKTextAlign.Left, font, ink);
    }
}
