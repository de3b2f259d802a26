using ActorHutch.Coordinator.Reports;
using ActorHutch.Coordinator.Reports.Html;
using ActorHutch.Coordinator.Reports.Pictures;

namespace ActorHutch.Coordinator.Tests.Reports.Html;

/// <summary>The pages of <c>actorhutch accuracy</c> and <c>actorhutch compare</c>.</summary>
public class ComparisonPageTests
{
    private const string Evil = "<script>alert(\"1\")</script>&'";

    [Fact]
    public void Accuracy_has_a_row_for_each_V_and_what_theory_says()
    {
        var report = SampleComparisons.Accuracy();

        string html = AccuracyPage.Write(report, null);

        var rows = HtmlPage.Parse(html).Descendants("tbody").Single().Elements("tr").ToArray();
        Assert.Equal(report.Points.Select(point => Figures.Whole(point.Probes)), rows.Select(row => row.Element("th")!.Value));
        string text = HtmlPage.Text(html);
        Assert.Contains("3 runs of 400 Rademacher probes in parameter space, seeds 0 to 2", text, StringComparison.Ordinal);
        Assert.Contains("12.0000", text, StringComparison.Ordinal);
        // (σ / (1 % of 12))², σ² = 1/6.
        Assert.Equal("12", Fact(html, "probes to a standard error of 1 %"));
        Assert.Contains("actorhutch accuracy --job accuracy.json", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(12.0, true)]
    [InlineData(null, false)]
    public void Accuracy_speaks_of_the_band_where_there_is_one(double? exact, bool speaks)
    {
        var report = SampleComparisons.Accuracy(exact: exact);

        string html = AccuracyPage.Write(report, AccuracyPicture.Draw(report));

        Assert.Equal(speaks, HtmlPage.Text(html).Contains("in the band", StringComparison.Ordinal));
    }

    [Fact]
    public void Accuracy_without_a_run_is_a_page_too()
    {
        string html = AccuracyPage.Write(SampleComparisons.Accuracy(seeds: 0, exact: null) with { Error = "No worker came." }, null);

        Assert.Contains("No worker came.", HtmlPage.Text(html), StringComparison.Ordinal);
        Assert.Empty(HtmlPage.Parse(html).Descendants("table"));
    }

    [Fact]
    public void Compare_has_a_row_for_each_contender_and_names_the_soonest()
    {
        string html = ComparePage.Write(SampleComparisons.Compare(), null);

        string[][] rows = [.. HtmlPage.Parse(html).Descendants("tbody").Single().Elements("tr")
            .Select(row => row.Elements().Select(cell => cell.Value).ToArray())];
        Assert.Equal(["autodiff full", "hmp block", "output block", "hmp block"], rows.Select(row => row[0]));
        Assert.Equal(["hmp block", "10", "12.10 ± 0.20", "52 %", "1,000", "10.0×", "500 ms"], rows[1]);
        Assert.Equal("output block, V_batch 20", Fact(html, "soonest"));
        Assert.Equal("200 µs, 2.0 probes", Fact(html, "to a standard error of 1 %"));
        Assert.Contains("hmp block, V_batch 20: No rule for this layer.", HtmlPage.Text(html), StringComparison.Ordinal);
    }

    [Fact]
    public void Compare_without_a_figure_is_a_page_too()
    {
        var report = SampleComparisons.Compare();

        string html = ComparePage.Write(report with { Rows = [report.Rows[^1]], Model = null, ExactTrace = null, Interrupted = true }, null);

        Assert.Contains("Interrupted", HtmlPage.Text(html), StringComparison.Ordinal);
    }

    [Fact]
    public void Compare_names_nobody_the_soonest_who_never_gets_there()
    {
        var report = SampleComparisons.Compare();
        var never = report with { Rows = [report.Rows[0] with { ProbesToTarget = double.PositiveInfinity, SecondsToTarget = double.PositiveInfinity }] };

        Assert.DoesNotContain("soonest", HtmlPage.Text(ComparePage.Write(never, null)), StringComparison.Ordinal);
        Assert.Null(ComparePicture.Draw(never));
    }

    [Fact]
    public void What_comes_from_outside_is_text_and_nothing_else()
    {
        var (accuracy, compare) = (SampleComparisons.Accuracy(), SampleComparisons.Compare());
        string[] pages =
        [
            AccuracyPage.Write(accuracy with { Error = Evil, Model = accuracy.Model! with { Name = Evil } }, null),
            ComparePage.Write(compare with { Rows = [compare.Rows[^1] with { Error = Evil }], Model = compare.Model! with { Name = Evil } }, null),
        ];

        Assert.All(pages, page =>
        {
            Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
            Assert.Contains(Evil, HtmlPage.Text(page), StringComparison.Ordinal);
        });
    }

    private static string Fact(string html, string name) => HtmlPage.Parse(html).Descendants("dt")
        .First(term => term.Value == name).ElementsAfterSelf("dd").First().Value;
}
