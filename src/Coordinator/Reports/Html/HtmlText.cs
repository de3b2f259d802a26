using System.Net;
using System.Text;
using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Coordinator.Reports.Pictures;

namespace ActorHutch.Coordinator.Reports.Html;

/// <summary>A page's text as it grows. Whatever comes from outside is encoded here.</summary>
internal sealed class HtmlText
{
    private readonly StringBuilder _text = new();

    /// <summary>A text as HTML.</summary>
    public static string Encode(string text) => WebUtility.HtmlEncode(text);

    /// <summary>Adds HTML as it is.</summary>
    public HtmlText Raw(string html)
    {
        _text.Append(html).Append('\n');
        return this;
    }

    /// <summary>Adds an element with a text in it.</summary>
    public HtmlText Element(string name, string text, string attributes = "") =>
        Raw($"<{name}{(attributes.Length > 0 ? " " + attributes : "")}>{Encode(text)}</{name}>");

    /// <summary>Adds facts with their names; those without a value are left out.</summary>
    public HtmlText Facts(params IEnumerable<(string Name, string? Value)> facts)
    {
        Raw("<dl class=\"facts\">");
        foreach (var (name, value) in facts)
        {
            if (value is not null) Raw($"<div><dt>{Encode(name)}</dt><dd>{Encode(value)}</dd></div>");
        }

        return Raw("</dl>");
    }

    /// <summary>Adds a table whose first column heads its rows; it scrolls where it is wider than the page.</summary>
    /// <param name="caption">What it holds.</param>
    /// <param name="columns">Their names; those that begin with a space hold words.</param>
    /// <param name="rows">Their cells.</param>
    public HtmlText Table(string caption, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        string Class(int c) => columns[c].StartsWith(' ') ? " class=\"word\"" : "";
        Raw($"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{Encode(caption)}\"><table>");
        Element("caption", caption);
        Raw("<thead><tr>" + string.Concat(columns.Select((column, c) => $"<th scope=\"col\"{Class(c)}>{Encode(column.Trim())}</th>")) + "</tr></thead><tbody>");
        foreach (var row in rows)
        {
            Raw("<tr>" + string.Concat(row.Select((cell, c) => c == 0
                ? $"<th scope=\"row\">{Encode(cell)}</th>"
                : $"<td{Class(c)}>{Encode(cell)}</td>")) + "</tr>");
        }

        return Raw("</tbody></table></div>");
    }

    /// <summary>Adds a picture with its caption, where it was drawn.</summary>
    public HtmlText Picture(IEnumerable<Picture> pictures, string name, string caption) =>
        pictures.FirstOrDefault(picture => picture.Name == name) is { } picture ? Raw(Page.Figure(picture, caption)) : this;

    /// <summary>Adds how it is run again.</summary>
    /// <param name="command">By what.</param>
    /// <param name="job">What was asked for.</param>
    /// <param name="file">The file with all of it, beside the page.</param>
    /// <param name="json">What is in that file.</param>
    /// <param name="sentence">What comes of it, as HTML.</param>
    public HtmlText Again(string command, JobDocument job, string file, string json, string sentence)
    {
        Element("h2", "Run it again");
        string From(string path) => $"{command} --job {ShellWord(path)}";
        return Raw($"<pre><code>{Encode(From(Path.Combine(job.Run.Out ?? "", file)))}</code></pre>")
            .Raw($"<p>where this one was started, or <code>{Encode(From(file))}</code> in this page's folder, {sentence}</p>")
            .Raw("<p>A new report comes beside this one: into report-2 where this is report.</p>")
            .Raw($"<details><summary>{Encode(file)}</summary><pre>{Encode(json)}</pre></details>");
    }

    /// <summary>Adds which software it was.</summary>
    public HtmlText Versions(VersionReport versions) => Element(
        "footer", $"ActorHutch {versions.ActorHutch} · TorchSharp {versions.TorchSharp} · Akka.NET {versions.Akka} · .NET {versions.Dotnet}");

    /// <summary>A text as one word of a POSIX shell.</summary>
    private static string ShellWord(string text) => text.All(letter => char.IsAsciiLetterOrDigit(letter) || "/._-+=:@%,".Contains(letter, StringComparison.Ordinal))
        ? text : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <summary>The whole page.</summary>
    public string ToPage(string title) => Page.Of(title, ToString());

    public override string ToString() => _text.ToString();
}
