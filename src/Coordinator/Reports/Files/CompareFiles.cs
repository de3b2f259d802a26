using System.Globalization;
using ActorHutch.Coordinator.Reports.Pictures;

namespace ActorHutch.Coordinator.Reports.Files;

/// <summary>The files of <c>actorhutch compare</c>.</summary>
internal static class CompareFiles
{
    /// <summary>The picture, for people.</summary>
    public const string First = "compare.png";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<ReportFile> Of(CompareReport report) =>
    [
        ReportFile.OfText("compare.json", ReportJson.Write(report) + "\n"),
        ReportFile.OfText("compare.csv", Csv.Of(
            [
                "method", "structure", "probe_space", "v_batch", "trace", "standard_error", "seconds", "probes_per_second", "speed_up",
                "probes_to_1_percent", "seconds_to_1_percent", "error",
            ],
            report.Rows.Select(row => (string[])
            [
                row.Method, row.Structure, row.ProbeSpace, row.VBatch.ToString(CultureInfo.InvariantCulture), Csv.Number(row.Trace),
                Csv.Number(row.StandardError), Csv.Number(row.ElapsedSeconds), Csv.Number(row.ProbesPerSecond), Csv.Number(row.SpeedUp),
                Csv.Number(row.ProbesToTarget), Csv.Number(row.SecondsToTarget), Csv.Cell(row.Error ?? ""),
            ]))),
        .. ComparePicture.Draw(report) is { } picture ? JobReportFiles.PictureFiles(picture) : [],
    ];
}
