using ActorHutch.Coordinator.Reports;
using ActorHutch.Coordinator.Reports.Html;
using ActorHutch.Coordinator.Reports.Pictures;

namespace ActorHutch.Coordinator.Tests.Reports.Html;

/// <summary>A job's report as a page.</summary>
public class JobPageTests
{
    private static readonly Report Sample = SampleReport.Of(100);
    private static readonly string Html = Write(Sample);

    [Fact]
    public void Everything_in_the_report_is_on_it()
    {
        Assert.Contains(HtmlText.Encode(ReportJson.Write(Sample)), Html, StringComparison.Ordinal);
        string text = HtmlPage.Text(Html);
        foreach (string figure in (string[])
        [
            Figures.Fixed(Sample.Trace!.Value, 3), Figures.Fixed(Sample.StandardError!.Value, 3),
            Figures.Fixed(Sample.Confidence!.Low, 3), Figures.Fixed(Sample.Confidence.High, 3), "12.0000", "first.weight", "second.weight",
            "worker-1", "worker-2", "60 %", "40 %", "1.25 s", "750 ms", "every layer has a rule", "sample", "100 Rademacher",
            // Of the run's 3.5 s, one was the start, and 2 s were the job's.
            "3.50 s in all", "2026-01-31 12:00:00 +01:00", "A processor, 4 processors, An operating system", "1.00 s", "500 ms",
            // The second worker is busy half of the time.
            "625 ms", "375 ms",
        ])
        {
            Assert.Contains(figure, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_comes_from_outside_is_text_and_nothing_else()
    {
        const string Evil = "<script>alert(\"1\")</script>&'";
        var page = Write(SampleReport.Of(100, 12, Evil) with { Error = Evil, MethodReason = Evil });

        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(Evil, HtmlPage.Text(page), StringComparison.Ordinal);
        HtmlPage.Parse(page);
    }

    [Fact]
    public void A_report_without_a_result_is_a_page_too()
    {
        string page = JobPage.Write(
            Sample with { Trace = null, StandardError = null, Confidence = null, Model = null, Method = null, MethodReason = null, Blocks = [], Workers = [], Error = "No worker came." }, []);

        Assert.Contains("No worker came.", page, StringComparison.Ordinal);
        HtmlPage.Parse(page);
    }

    /// <summary>The sample's page.</summary>
    internal static string Write(Report report) => JobPage.Write(report,
    [
        ConvergencePicture.Draw(report, SampleReport.Record(100))!, BlockPicture.Draw(report)!,
        TimelinePicture.Draw(report, SampleReport.Timeline)!,
    ]);
}
