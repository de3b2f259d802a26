using System.Globalization;
using ActorHutch.Coordinator.Reports.Html;
using ActorHutch.Coordinator.Reports.Pictures;

namespace ActorHutch.Coordinator.Reports.Files;

/// <summary>The files of <c>actorhutch compare</c>.</summary>
internal static class CompareFiles
{
    /// <summary>The page, for people.</summary>
    public const string Page = "compare.html";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<ReportFile> Of(CompareReport report)
    {
        var picture = ComparePicture.Draw(report);
        return
        [
            ReportFile.OfText(CompareReport.Json, ReportJson.Write(report) + "\n"),
            ReportFile.OfText(Page, ComparePage.Write(report, picture)),
            ReportFile.OfText(CompareReport.Csv, Csv.Of(
                [
                    "method", "structure", "probe_space", "v_batch", "trace", "standard_error", "probe_spread", "seconds", "probes_per_second", "speed_up",
                    "probes_to_1_percent", "seconds_to_1_percent", "error",
                ],
                report.Rows.Select(Cells))),
            .. picture is null ? [] : JobReportFiles.PictureFiles(picture),
        ];
    }

    private static string[] Cells(CompareRow row) =>
    [
        row.Method, row.Structure, row.ProbeSpace, row.VBatch.ToString(CultureInfo.InvariantCulture),
        .. new[]
        {
            row.Trace, row.StandardError, row.ProbeSpread, row.ElapsedSeconds, row.ProbesPerSecond, row.SpeedUp, row.ProbesToTarget, row.SecondsToTarget,
        }.Select(Csv.Number),
        Csv.Cell(row.Error ?? ""),
    ];
}
