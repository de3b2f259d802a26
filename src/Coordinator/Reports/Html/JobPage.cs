using ActorHutch.Coordinator.Reports.Pictures;

namespace ActorHutch.Coordinator.Reports.Html;

/// <summary>A job's report as a page.</summary>
internal static class JobPage
{
    /// <summary>Writes it.</summary>
    public static string Write(Report report, IReadOnlyList<(Picture Picture, SvgPicture Svg)> pictures) =>
        string.Concat(pictures.Select(one => one.Svg.ToHtml(new Dictionary<string, string>())));
}
