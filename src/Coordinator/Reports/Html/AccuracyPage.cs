using System.Globalization;
using ActorHutch.Coordinator.Reports.Pictures;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Reports.Html;

/// <summary>Estimates against the number of probes, as a page.</summary>
internal static class AccuracyPage
{
    /// <summary>Writes it.</summary>
    /// <param name="report">The runs.</param>
    /// <param name="picture">What is drawn of them; null where nothing is.</param>
    public static string Write(AccuracyReport report, Picture? picture)
    {
        var spec = report.Job.Spec;
        string title = $"The estimate against the number of probes: {report.Model?.Name ?? spec.Risk.Model}";
        var html = new HtmlText();
        html.Element("h1", title);
        html.Element("p", Summary(report), "class=\"muted\"");
        if (report.Error is { } error) html.Element("p", error, "class=\"note\"");
        else if (report.Interrupted) html.Element("p", "Interrupted: runs that were not done are left out.", "class=\"note\"");
        if (report.Points.Count > 0) Result(html, report);
        if (picture is not null)
        {
            html.Raw(Page.Figure(
                picture, "Each dashed line is the mean of the first V probes of one seed."
                + (report.ExactTrace is null ? "" : " Of independent estimates, 19 of 20 lie in the band.")));
        }

        if (report.Points.Count > 0) Points(html, report);
        html.Element("h2", "How it was computed");
        html.Facts(
        [
            .. PageFacts.Of(report.Model), .. PageFacts.Of(spec), .. PageFacts.Of(report.Run),
            ("structure", Terms.Structure(spec.Structure.Word())), ("method", report.Method), ("probe space", Terms.Space(spec)),
            ("time", Figures.Seconds(report.ElapsedSeconds)),
        ]);
        html.Again(
            "actorhutch accuracy", report.Job, AccuracyReport.Json, ReportJson.Write(report),
            $"gives the same bits: <code>{AccuracyReport.Json}</code>, beside this page, has the whole job and the whole result; "
            + $"<code>{AccuracyReport.Csv}</code> has each seed's estimates.");
        return html.Versions(report.Versions).ToPage(title);
    }

    private static string Summary(AccuracyReport report)
    {
        var spec = report.Job.Spec;
        string probes = $"{Terms.Distribution(spec.Distribution)} probes in {Terms.Space(spec)} space";
        return report.Runs.Count == 0
            ? $"No run of {Figures.Whole(spec.Probes)} {probes} was done"
            : $"{Figures.Count(report.Runs.Count, "run")} of {Figures.Whole(spec.Probes)} {probes}, seeds "
                + string.Create(CultureInfo.InvariantCulture, $"{report.Runs[0].Seed} to {report.Runs[^1].Seed}");
    }

    private static void Result(HtmlText html, AccuracyReport report)
    {
        var end = report.Points[^1];
        double deviation = report.ProbeDeviation ?? double.NaN;
        double toTarget = Math.Pow(deviation / (CompareRow.Target * (report.ExactTrace ?? end.Mean)), 2);
        html.Facts(
            ("exact trace", report.ExactTrace is { } exact ? Figures.Significant(exact, 6) : null),
            ("float32", report is { Rounding: { } rounding, ExactTrace: { } of } ? rounding.Text(of) : null),
            ($"mean estimate, V = {Figures.Whole(end.Probes)}", Notation.Of(end.Mean, end.Expected).Write(end.Mean)),
            ("standard deviation σ of a probe", Figures.Significant(deviation, 3)),
            ($"spread at V = {Figures.Whole(end.Probes)}", $"{Figures.Significant(end.Spread, 2)}, where theory has {Figures.Significant(end.Expected, 2)}"),
            ($"probes to a standard error of {Terms.Percent(CompareRow.Target)}", double.IsFinite(toTarget) ? Figures.Whole(Math.Ceiling(toTarget)) : null));
    }

    private static void Points(HtmlText html, AccuracyReport report)
    {
        html.Element("h2", "Over the seeds");
        html.Table(
            "The runs' estimates from their first V probes",
            AccuracyText.Columns, report.Points.Select(point => (IReadOnlyList<string>)AccuracyText.Cells(point)));
        html.Element("p", "Spread: the estimates' standard deviation over the seeds; σ/√V: what theory has for it.", "class=\"muted\"");
    }
}
