using System.Globalization;
using ActorHutch.Coordinator.Reports.Pictures;

namespace ActorHutch.Coordinator.Reports.Files;

/// <summary>The files of <c>actorhutch accuracy</c>.</summary>
internal static class AccuracyFiles
{
    /// <summary>The picture, for people.</summary>
    public const string First = "accuracy.png";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<ReportFile> Of(AccuracyReport report) =>
    [
        ReportFile.OfText("accuracy.json", ReportJson.Write(report) + "\n"),
        ReportFile.OfText("accuracy.csv", Csv.Of(
            ["seed", "probes", "estimate", "standard_error", "exact"],
            report.Runs.SelectMany(run => run.Estimates.Select(estimate => (string[])
            [
                run.Seed.ToString(CultureInfo.InvariantCulture), estimate.Probes.ToString(CultureInfo.InvariantCulture),
                Csv.Number(estimate.Trace), Csv.Number(estimate.StandardError), Csv.Number(report.ExactTrace),
            ])))),
        .. AccuracyPicture.Draw(report) is { } picture ? JobReportFiles.PictureFiles(picture) : [],
    ];
}
