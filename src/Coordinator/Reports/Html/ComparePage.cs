using ActorHutch.Coordinator.Reports.Pictures;

namespace ActorHutch.Coordinator.Reports.Html;

/// <summary>The comparison as a page.</summary>
internal static class ComparePage
{
    /// <summary>Writes it.</summary>
    /// <param name="report">What was compared.</param>
    /// <param name="picture">What is drawn of it; null where nothing is.</param>
    public static string Write(CompareReport report, Picture? picture)
    {
        var spec = report.Job.Spec;
        string title = $"Ways to the trace of the {Terms.Matrix(spec.Matrix)} of {report.Model?.Name ?? spec.Risk.Model}";
        var html = new HtmlText();
        html.Element("h1", title);
        html.Element(
            "p", $"{Figures.Whole(spec.Probes)} {Terms.Distribution(spec.Distribution)} probes each, on {Figures.Count(report.Workers, "worker")} "
            + $"of {Figures.Count(report.Job.Settings.ThreadsPerWorker, "thread")}", "class=\"muted\"");
        if (report.Interrupted) html.Element("p", "Interrupted before all of them were done.", "class=\"note\"");
        Result(html, report);
        if (picture is not null)
            html.Raw(Page.Figure(picture, "Probes per second: longer is faster. Time to 1 %: shorter is faster. Both axes are logarithmic."));
        Rows(html, report);
        html.Element("h2", "How it was computed");
        html.Facts([.. PageFacts.Of(report.Model), .. PageFacts.Of(spec), ("seed", spec.Seed.ToString(System.Globalization.CultureInfo.InvariantCulture)), .. PageFacts.Of(report.Run)]);
        html.Again(
            "actorhutch compare", report.Job, CompareReport.Json, ReportJson.Write(report),
            $"gives the same estimates, with the times of the machine it runs on: <code>{CompareReport.Json}</code>, beside this page, has the whole job and "
            + $"the whole result, <code>{CompareReport.Csv}</code> the table.");
        return html.Versions(report.Versions).ToPage(title);
    }

    private static void Result(HtmlText html, CompareReport report)
    {
        var best = report.Soonest;
        html.Facts(
            ("exact trace", report.ExactTrace is { } exact ? Figures.Significant(exact, 6) : null),
            ("float32", report is { Rounding: { } rounding, ExactTrace: { } of } ? rounding.Text(of) : null),
            ("soonest", best is null ? null : $"{CompareText.Label(best)}, V_batch {Figures.Whole(best.VBatch)}"),
            ("to a standard error of 1 %", best?.SecondsToTarget is { } seconds ? $"{Figures.Seconds(seconds)}, {Figures.Significant(best.ProbesToTarget!.Value, 2)} probes" : null));
    }

    private static void Rows(HtmlText html, CompareReport report)
    {
        html.Table(
            "One after another, on the same workers",
            ["method", .. CompareText.Columns], report.Rows.Select(row => (IReadOnlyList<string>)CompareText.Cells(row)));
        html.Element(
            "p", "Trace ± its standard error; σ: one probe's standard deviation, as a share of the trace; speed-up: probes/s against the "
            + "first row; to 1 %: the time to a standard error of 1 % of the trace. Set-up is left out.", "class=\"muted\"");
        foreach (var row in report.Rows.Where(row => row.Error is not null))
            html.Element("p", $"{CompareText.Label(row)}, V_batch {Figures.Whole(row.VBatch)}: {row.Error}", "class=\"note\"");
    }
}
