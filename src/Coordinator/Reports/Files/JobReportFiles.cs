using ActorHutch.Coordinator.Reports.Html;
using ActorHutch.Coordinator.Reports.Pictures;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Operators;

namespace ActorHutch.Coordinator.Reports.Files;

/// <summary>The files of a job's report.</summary>
internal static class JobReportFiles
{
    /// <summary>The page, for people.</summary>
    public const string Page = "report.html";

    /// <summary>The same for programs.</summary>
    public const string Json = "report.json";

    /// <summary>All of them.</summary>
    /// <param name="report">What the job came to.</param>
    /// <param name="result">The job.</param>
    public static IReadOnlyList<ReportFile> Of(Report report, JobResult result)
    {
        var record = result.Record;
        // The probes' place is taken by what the trace is the mean of.
        if (result.Estimate?.Values is { } means) record = record is null ? null : record with { Blocks = [], Values = [new ProbeValues(0, 1, [.. means])] };
        bool hasProbes = report.Spectrum is null && !result.Spec.Estimator.TellsDiagonal && !(result.Spec.Estimator.TakesTurns && result.Estimate?.Values is null);
        bool hasPage = !report.Job.Run.NoPage;
        Picture?[] drawn = record is null || !hasPage
            ? []
            :
            [
                report.Trace is null || result.Spec.Estimator.TellsDiagonal ? null : ConvergencePicture.Draw(report, record), EigenvaluesPicture.Draw(report), BlockPicture.Draw(report), SpectrumPicture.Draw(report), SpectrumPicture.DrawBlocks(report),
                TimelinePicture.Draw(report, record.Timeline),
            ];
        var pictures = drawn.OfType<Picture>().ToArray();
        return
        [
            ReportFile.OfText(Json, ReportJson.Write(report) + "\n"),
            .. hasPage ? [ReportFile.OfText(Page, JobPage.Write(report, pictures))] : Array.Empty<ReportFile>(),
            .. record is null || !hasProbes ? [] : (ReportFile[])[new("probes.csv", stream => ProbesCsv.Write(stream, record))],
            .. report.Blocks.Count == 0 ? [] : (ReportFile[])[ReportFile.OfText("blocks.csv", BlocksCsv.Of(report.Blocks))],
            .. report.Spectrum is null || record is null ? [] : (ReportFile[])
            [
                ReportFile.OfText("spectrum.csv", SpectrumCsv.Curve(report.Spectrum)), ReportFile.OfText("nodes.csv", SpectrumCsv.Nodes(record)),
            ],
            .. report.Eigenvalues is { } found ? [ReportFile.OfText("eigenvalues.csv", Csv.Of(["eigenvalue", "residual"], found.Values.Select(value => (string[])[Csv.Number(value.Value), Csv.Number(value.Residual)])))] : Array.Empty<ReportFile>(),
            .. report.Job.Run.Vectors && result.Estimate?.Eigenvalues?.Vectors is { } vectors ? [VectorsFile.Of("eigenvectors.safetensors", result, vectors)] : Array.Empty<ReportFile>(),
            .. result.Estimate is { Diagonal: { } diagonal } estimate ? VectorsFile.OfDiagonal(result, diagonal, estimate.IsExact) : [],
            .. pictures.SelectMany(PictureFiles),
        ];
    }

    /// <summary>A picture's files.</summary>
    public static IEnumerable<ReportFile> PictureFiles(Picture picture) =>
    [
        ReportFile.OfBytes(picture.Name + ".png", picture.ToPng()),
        ReportFile.OfText(picture.Name + ".svg", picture.ToSvg().ToString()),
    ];
}
