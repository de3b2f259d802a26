using System.Text.RegularExpressions;
using System.Xml.Linq;
using ActorHutch.Coordinator.Reports;
using ActorHutch.Coordinator.Reports.Html;
using ActorHutch.Coordinator.Reports.Pictures;

namespace ActorHutch.Coordinator.Tests.Reports.Html;

public partial class JobPageTests
{
    private static readonly Report Sample = SampleReport.Of(100);
    private static readonly string Html = Write(Sample);

    [Fact]
    public void Nothing_in_it_comes_from_a_network_or_another_file()
    {
        Assert.DoesNotMatch("(src|href|srcset|poster|data)\\s*=\\s*[\"']?(https?:|//|file:|\\.|/)", Html);
        Assert.DoesNotMatch("url\\((?!#)", Html);
        Assert.DoesNotContain("@import", Html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<script", Html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("http", Html.Replace("\"https://", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void Everything_in_the_report_is_on_it()
    {
        Assert.Contains(HtmlText.Encode(ReportJson.Write(Sample)), Html, StringComparison.Ordinal);
        string text = Text(Html);
        foreach (string figure in (string[])
        [
            Figures.Fixed(Sample.Trace!.Value, 3), Figures.Fixed(Sample.StandardError!.Value, 3),
            Figures.Fixed(Sample.Confidence!.Low, 3), Figures.Fixed(Sample.Confidence.High, 3), "12.0000", "first.weight", "second.weight",
            "worker-1", "worker-2", "60 %", "40 %", "1.25 s", "750 ms", "every layer has a rule", "sample", "100 rademacher",
        ])
        {
            Assert.Contains(figure, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void It_is_well_formed_and_no_name_is_given_twice()
    {
        var page = Parse(Html);

        string[] ids = [.. page.Descendants().Select(element => element.Attribute("id")?.Value).OfType<string>()];
        Assert.Equal(ids.Order(), ids.Distinct().Order());
        Assert.All(References().Matches(Html).Select(match => match.Groups[1].Value), id => Assert.Contains(id, ids));
    }

    [Fact]
    public void Who_does_not_see_it_is_told_what_is_in_it()
    {
        var page = Parse(Html);

        Assert.Equal("en", page.Attribute("lang")!.Value);
        Assert.Single(page.Descendants("h1"));
        Assert.True(page.Descendants("h2").Count() >= 4);
        var ids = page.Descendants().Where(element => element.Attribute("id") is not null).ToDictionary(element => element.Attribute("id")!.Value);
        var pictures = page.Descendants("svg").ToArray();
        Assert.Equal(6, pictures.Length);
        Assert.All(pictures, picture =>
        {
            Assert.Equal("img", picture.Attribute("role")!.Value);
            Assert.All(picture.Attribute("aria-labelledby")!.Value.Split(' '), id => Assert.NotEqual("", ids[id].Value));
        });
        Assert.All(page.Descendants("table"), table =>
        {
            Assert.NotEqual("", table.Element("caption")!.Value);
            Assert.All(table.Descendants("th"), head => Assert.NotNull(head.Attribute("scope")));
        });
    }

    [Fact]
    public void By_night_the_pictures_take_the_nights_colours()
    {
        Assert.Contains("prefers-color-scheme:dark", Html, StringComparison.Ordinal);
        Assert.Contains("stroke=\"var(--exact)\"", Html, StringComparison.Ordinal);
        // Every colour of a picture is one of the page's, so that none stays dark on dark.
        string[] bare = [.. Parse(Html).Descendants("svg").Descendants().Attributes()
            .Where(attribute => attribute.Name.LocalName is "fill" or "stroke")
            .Select(attribute => attribute.Value).Where(value => value != "none" && !value.StartsWith("var(--", StringComparison.Ordinal)).Distinct()];
        Assert.Empty(bare);
    }

    [Fact]
    public void What_comes_from_outside_is_text_and_nothing_else()
    {
        const string Evil = "<script>alert(\"1\")</script>&'";
        var page = Write(SampleReport.Of(100, 12, Evil) with { Error = Evil, MethodReason = Evil });

        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(Evil, Text(page), StringComparison.Ordinal);
        Parse(page);
    }

    [Fact]
    public void A_report_without_a_result_is_a_page_too()
    {
        string page = JobPage.Write(
            Sample with { Trace = null, StandardError = null, Confidence = null, Model = null, Method = null, MethodReason = null, Blocks = [], Workers = [], Error = "No worker came." }, []);

        Assert.Contains("No worker came.", page, StringComparison.Ordinal);
        Parse(page);
    }

    private static string Write(Report report) => JobPage.Write(report,
    [
        ConvergencePicture.Draw(report, SampleReport.Values(100))!, BlockPicture.Draw(report)!,
        TimelinePicture.Draw(report, SampleReport.Timeline)!,
    ]);

    /// <summary>The page as XML: all that keeps it from being some are its elements without an end, and its style.</summary>
    private static XElement Parse(string html) => XElement.Parse(
        Void().Replace(Style().Replace(html[html.IndexOf("<html", StringComparison.Ordinal)..], ""), "$1/>"), LoadOptions.PreserveWhitespace);

    private static string Text(string html) => string.Join(' ', Parse(html).DescendantNodes().OfType<XText>().Select(text => text.Value));

    [GeneratedRegex("(<meta[^>]*[^/])>")]
    private static partial Regex Void();

    [GeneratedRegex("<style>.*?</style>", RegexOptions.Singleline)]
    private static partial Regex Style();

    [GeneratedRegex("url\\(#([^)]*)\\)")]
    private static partial Regex References();
}
