using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace ActorHutch.Coordinator.Tests.Reports.Html;

/// <summary>A report's page as it is read.</summary>
internal static partial class HtmlPage
{
    /// <summary>The page as XML: all that keeps it from being some are its elements without an end, and its style.</summary>
    public static XElement Parse(string html) => XElement.Parse(
        Void().Replace(Style().Replace(html[html.IndexOf("<html", StringComparison.Ordinal)..], ""), "$1/>"), LoadOptions.PreserveWhitespace);

    /// <summary>All that is written on it.</summary>
    public static string Text(string html) => string.Join(' ', Parse(html).DescendantNodes().OfType<XText>().Select(text => text.Value));

    [GeneratedRegex("(<meta[^>]*[^/])>")]
    private static partial Regex Void();

    [GeneratedRegex("<style>.*?</style>", RegexOptions.Singleline)]
    private static partial Regex Style();
}
