using System.Globalization;
using ActorHutch.Coordinator.Reports.Html;
using ActorHutch.Coordinator.Reports.Pictures;

namespace ActorHutch.Coordinator.Reports.Files;

/// <summary>The files of a series.</summary>
internal static class SeriesFiles
{
    /// <summary>The page, for people.</summary>
    public const string Page = "series.html";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<ReportFile> Of(SeriesReport report)
    {
        bool hasPage = !report.Job.Run.NoPage;
        var picture = hasPage ? SeriesPicture.Draw(report) : null;
        return
        [
            ReportFile.OfText(SeriesReport.Json, ReportJson.Write(report) + "\n"),
            .. hasPage ? [ReportFile.OfText(Page, SeriesPage.Write(report, picture))] : Array.Empty<ReportFile>(),
            ReportFile.OfText("series.csv", Csv.Of(
                ["checkpoint", "step", "trace", "standard_error", "low", "high", "probes", "change", "change_standard_error"],
                report.Rows.Select(row => (string[])
                [
                    row.File, row.Step?.ToString(CultureInfo.InvariantCulture) ?? "", Csv.Number(row.Trace), Csv.Number(row.StandardError),
                    Csv.Number(row.Confidence?.Low), Csv.Number(row.Confidence?.High), row.Probes.ToString(CultureInfo.InvariantCulture),
                    Csv.Number(row.Change?.Value), Csv.Number(row.Change?.StandardError),
                ]))),
            ReportFile.OfText("blocks.csv", BlocksCsv.Of(
                ["checkpoint", "step"],
                report.Rows.Select(row => ((string[])[row.File, row.Step?.ToString(CultureInfo.InvariantCulture) ?? ""], row.Blocks)))),
            .. picture is null ? [] : JobReportFiles.PictureFiles(picture),
        ];
    }
}
