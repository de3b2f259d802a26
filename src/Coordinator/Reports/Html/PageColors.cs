using ActorHutch.Coordinator.Reports.Pictures;
using ScottPlot;

namespace ActorHutch.Coordinator.Reports.Html;

/// <summary>The page's colours, those of the pictures, by day and by night.</summary>
internal static class PageColors
{
    private static readonly (string Name, Color Light, string Dark)[] All =
    [
        ("paper", PictureStyle.Paper, "#12181F"),
        ("ink", PictureStyle.Ink, "#E8EDF2"),
        ("muted", PictureStyle.Muted, "#A7B3BF"),
        ("axis", PictureStyle.AxisLine, "#5B6875"),
        ("grid", PictureStyle.GridLine, "#27313B"),
        ("exact", PictureStyle.Exact, "#4FA8E0"),
        ("estimate", PictureStyle.Estimate, "#F0A040"),
        ("trouble", PictureStyle.Trouble, "#F2847C"),
        .. PictureStyle.Palette.Zip((string[])["#3DBE97", "#B096E0", "#56B4E9", "#E08DBB", "#CFC655", "#8B9AAA"])
            .Select((pair, i) => ($"series-{i}", pair.Item1, pair.Item2)),
    ];

    /// <summary>The variable for each of the pictures' colours.</summary>
    public static IReadOnlyDictionary<string, string> Variables { get; } =
        All.ToDictionary(color => color.Light.ToHex().ToUpperInvariant(), color => color.Name);

    /// <summary>The variables' values.</summary>
    public static string Css { get; } =
        $":root{{color-scheme:light dark;{Values(color => color.Light.ToHex())}}}\n"
        + $"@media (prefers-color-scheme:dark){{:root{{{Values(color => color.Dark)}}}}}\n";

    private static string Values(Func<(string Name, Color Light, string Dark), string> of) =>
        string.Concat(All.Select(color => $"--{color.Name}:{of(color)};"));
}
