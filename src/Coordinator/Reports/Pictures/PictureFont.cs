using ScottPlot;
using SkiaSharp;

namespace ActorHutch.Coordinator.Reports.Pictures;

/// <summary>
/// The pictures' typeface. It is part of the program, so that a picture is the same on every machine, and has its text on
/// one without any font.
/// </summary>
internal static class PictureFont
{
    /// <summary>Its name, for the drawing library and in SVG.</summary>
    public const string Name = "Inter";

    /// <summary>What SVG falls back to where a reader's machine lacks it.</summary>
    public const string Fallbacks = "Inter, system-ui, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif";

    private static readonly Lock Gate = new();
    private static bool _registered;

    /// <summary>For text.</summary>
    public static SKTypeface Regular { get; } = Load("Inter-Regular.otf");

    /// <summary>For titles.</summary>
    public static SKTypeface SemiBold { get; } = Load("Inter-SemiBold.otf");

    /// <summary>One of them at a size.</summary>
    public static SKFont Of(SKTypeface typeface, float size) => new(typeface, size)
    {
        Edging = SKFontEdging.Antialias,
        Subpixel = true,
        Hinting = SKFontHinting.None,
    };

    /// <summary>Makes the drawing library find it by its name.</summary>
    public static void Register()
    {
        lock (Gate)
        {
            if (_registered) return;
            // First, so that a machine's own Inter, of whatever version, changes no picture.
            ScottPlot.Fonts.FontResolvers.Insert(0, new Resolver());
            ScottPlot.Fonts.Default = Name;
            _registered = true;
        }
    }

    private static SKTypeface Load(string file)
    {
        using var stream = typeof(PictureFont).Assembly.GetManifestResourceStream(file)
            ?? throw new InvalidOperationException($"The program was built without {file}.");
        return SKTypeface.FromStream(stream)
            ?? throw new InvalidOperationException($"{file} is no font that can be read.");
    }

    private sealed class Resolver : IFontResolver
    {
        public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing) =>
            CreateTypeface(fontName, weight > FontWeight.Medium, false);

        public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic) =>
            fontName != Name ? null : bold ? SemiBold : Regular;
    }
}
