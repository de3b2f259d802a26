using ActorHutch.Coordinator.Reports.Pictures;

namespace ActorHutch.Coordinator.Reports.Html;

/// <summary>What every page has: its head, its style, its pictures. Nothing in it comes from a network.</summary>
internal static class Page
{
    private const int Wide = 860;
    private const int Narrow = 400;

    private static readonly string Style = Read("page.css");

    /// <summary>A whole page.</summary>
    public static string Of(string title, string body) =>
        $"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="generator" content="ActorHutch">
        <title>{HtmlText.Encode(title)}</title>
        <style>
        {PageColors.Css}{Style}</style>
        </head>
        <body>
        <main>
        {body}</main>
        </body>
        </html>

        """;

    /// <summary>A picture with its caption, drawn twice: for a desk, and for a phone.</summary>
    public static string Figure(Picture picture, string caption) =>
        $"<figure><div class=\"wide\">{Svg(picture, Wide, "")}</div><div class=\"narrow\">{Svg(picture.Narrow ?? picture, Narrow, "-narrow")}</div>"
        + $"<figcaption>{HtmlText.Encode(caption)}</figcaption></figure>";

    private static string Svg(Picture picture, int width, string suffix) =>
        (picture.ForPage(width) with { Name = picture.Name + suffix }).ToSvg().ToHtml(PageColors.Variables);

    private static string Read(string file)
    {
        using var stream = typeof(Page).Assembly.GetManifestResourceStream(file)
            ?? throw new InvalidOperationException($"The program was built without {file}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
