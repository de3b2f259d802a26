using System.Text.RegularExpressions;
using System.Xml.Linq;
using ActorHutch.Coordinator.Reports.Html;
using ActorHutch.Coordinator.Reports.Pictures;

namespace ActorHutch.Coordinator.Tests.Reports.Html;

/// <summary>What every page of a report is.</summary>
public partial class PageTests
{
    public static TheoryData<string> Names => ["report", "accuracy", "compare"];

    [Theory]
    [MemberData(nameof(Names))]
    public void Nothing_in_it_comes_from_a_network_or_another_file(string name)
    {
        string html = Write(name);
        Assert.DoesNotMatch("(src|href|srcset|poster|data)\\s*=\\s*[\"']?(https?:|//|file:|\\.|/)", html);
        Assert.DoesNotMatch("url\\((?!#)", html);
        Assert.DoesNotContain("@import", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("http", html.Replace("\"https://", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void It_is_well_formed_and_no_name_is_given_twice(string name)
    {
        string html = Write(name);
        var page = HtmlPage.Parse(html);

        string[] ids = [.. page.Descendants().Select(element => element.Attribute("id")?.Value).OfType<string>()];
        Assert.Equal(ids.Order(), ids.Distinct().Order());
        Assert.All(References().Matches(html).Select(match => match.Groups[1].Value), id => Assert.Contains(id, ids));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Who_does_not_see_it_is_told_what_is_in_it(string name)
    {
        string html = Write(name);
        var page = HtmlPage.Parse(html);

        Assert.Equal("en", page.Attribute("lang")!.Value);
        Assert.Single(page.Descendants("h1"));
        Assert.True(page.Descendants("h2").Count() >= 2);
        var ids = page.Descendants().Where(element => element.Attribute("id") is not null).ToDictionary(element => element.Attribute("id")!.Value);
        var pictures = page.Descendants("svg").ToArray();
        // Each is there twice: for a desk, and for a phone.
        Assert.Equal(name == "report" ? 6 : 2, pictures.Length);
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

    [Theory]
    [MemberData(nameof(Names))]
    public void By_night_the_pictures_take_the_nights_colours(string name)
    {
        string html = Write(name);
        Assert.Contains("prefers-color-scheme:dark", html, StringComparison.Ordinal);
        Assert.Contains(name == "compare" ? "fill=\"var(--series-0)\"" : "stroke=\"var(--exact)\"", html, StringComparison.Ordinal);
        // Every colour of a picture is one of the page's, so that none stays dark on dark.
        string[] bare = [.. HtmlPage.Parse(html).Descendants("svg").Descendants().Attributes()
            .Where(attribute => attribute.Name.LocalName is "fill" or "stroke")
            .Select(attribute => attribute.Value).Where(value => value != "none" && !value.StartsWith("var(--", StringComparison.Ordinal)).Distinct()];
        Assert.Empty(bare);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void It_says_how_it_is_run_again(string name)
    {
        var commands = HtmlPage.Parse(Write(name)).Descendants("code").Select(code => code.Value);

        string command = name == "report" ? "actorhutch --job report.json" : $"actorhutch {name} --job {name}.json";
        Assert.Contains(commands, one => one.StartsWith(command, StringComparison.Ordinal));
    }

    private static string Write(string name) => name switch
    {
        "report" => JobPageTests.Write(SampleReport.Of(100)),
        "accuracy" => AccuracyPage.Write(SampleComparisons.Accuracy(), AccuracyPicture.Draw(SampleComparisons.Accuracy())),
        _ => ComparePage.Write(SampleComparisons.Compare(), ComparePicture.Draw(SampleComparisons.Compare())),
    };

    [GeneratedRegex("url\\(#([^)]*)\\)")]
    private static partial Regex References();
}
