using ActorHutch.Coordinator.Reports.Pictures;
using ScottPlot;
using SkiaSharp;

namespace ActorHutch.Coordinator.Tests.Reports.Pictures;

/// <summary>A picture's pixels, asked for by where things should be.</summary>
internal sealed class Drawn : IDisposable
{
    private readonly Picture _picture;

    public Drawn(Picture picture)
    {
        _picture = picture;
        Bitmap = SKBitmap.Decode(picture.ToPng());
    }

    public SKBitmap Bitmap { get; }

    public void Dispose() => Bitmap.Dispose();

    /// <summary>The colour at a point of a plot.</summary>
    public Color At(double x, double y, int panel = 0)
    {
        var pixel = _picture.Panels[panel].Plot.GetPixel(new Coordinates(x, y));
        var color = Bitmap.GetPixel((int)(pixel.X * Picture.PngScale), (int)(pixel.Y * Picture.PngScale));
        return new Color(color.Red, color.Green, color.Blue, color.Alpha);
    }

    /// <summary>How many pixels of a part of the picture are not paper, in the picture's units.</summary>
    public int Inked(int left, int top, int right, int bottom)
    {
        int count = 0;
        for (int y = top * Picture.PngScale; y < bottom * Picture.PngScale; y++)
        {
            for (int x = left * Picture.PngScale; x < right * Picture.PngScale; x++)
            {
                if (Bitmap.GetPixel(x, y) != SKColors.White) count++;
            }
        }

        return count;
    }
}
