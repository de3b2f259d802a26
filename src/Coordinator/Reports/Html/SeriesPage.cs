using ActorHutch.Coordinator.Reports.Pictures;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Reports.Html;

/// <summary>The trace along training, as a page.</summary>
internal static class SeriesPage
{
    /// <summary>Writes it.</summary>
    /// <param name="report">The series.</param>
    /// <param name="picture">What is drawn of it; null where nothing is.</param>
    public static string Write(SeriesReport report, Picture? picture)
    {
        var spec = report.Job.Spec;
        var html = new HtmlText();
        html.Element("h1", SeriesText.Title(report));
        html.Element("p", SeriesText.Time(report), "class=\"muted\"");
        if (report.Interrupted) html.Element("p", SeriesText.Stopped(report), "class=\"note\"");
        foreach (var row in report.Rows.Where(row => row.Error is not null)) html.Element("p", $"{row.File}: {row.Error}", "class=\"note\"");
        if (picture is not null) html.Raw(Page.Figure(picture, "The trace of each checkpoint with its confidence interval."));
        html.Element("h2", "Checkpoints");
        html.Table("The trace of each checkpoint", SeriesText.Columns, report.Rows.Select(row => (IReadOnlyList<string>)SeriesText.Cells(row)));
        html.Element("p", SeriesText.Explanation(report), "class=\"muted\"");
        html.Element("h2", "How it was computed");
        html.Facts(
        [
            .. PageFacts.Of(report.Model), .. PageFacts.Of(spec), .. PageFacts.Of(report.Run),
            ("structure", Terms.Structure(spec.Structure.Word())), ("method", report.Method), ("probe space", Terms.Space(spec)),
        ]);
        html.Again(
            $"actorhutch {spec.Estimator.Name}", report.Job, SeriesReport.Json, ReportJson.Write(report),
            $"gives the same bits for the same files: <code>{SeriesReport.Json}</code>, beside this page, has the whole job and the whole result; "
            + "<code>series.csv</code> has a line for each checkpoint, <code>blocks.csv</code> one for each of its blocks.");
        return html.Versions(report.Versions).ToPage(SeriesText.Title(report));
    }
}
