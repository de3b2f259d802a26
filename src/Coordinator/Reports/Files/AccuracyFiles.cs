using System.Globalization;
using ActorHutch.Coordinator.Reports.Html;
using ActorHutch.Coordinator.Reports.Pictures;

namespace ActorHutch.Coordinator.Reports.Files;

/// <summary>The files of <c>actorhutch accuracy</c>.</summary>
internal static class AccuracyFiles
{
    /// <summary>The page, for people.</summary>
    public const string Page = "accuracy.html";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<ReportFile> Of(AccuracyReport report)
    {
        var picture = AccuracyPicture.Draw(report);
        return
        [
            ReportFile.OfText(AccuracyReport.Json, ReportJson.Write(report) + "\n"),
            ReportFile.OfText(Page, AccuracyPage.Write(report, picture)),
            ReportFile.OfText(AccuracyReport.Csv, Csv.Of(
                ["seed", "probes", "estimate", "standard_error", "exact"],
                report.Runs.SelectMany(run => run.Estimates.Select(estimate => (string[])
                [
                    run.Seed.ToString(CultureInfo.InvariantCulture), estimate.Probes.ToString(CultureInfo.InvariantCulture),
                    Csv.Number(estimate.Trace), Csv.Number(estimate.StandardError), Csv.Number(report.ExactTrace),
                ])))),
            .. picture is null ? [] : JobReportFiles.PictureFiles(picture),
        ];
    }
}
