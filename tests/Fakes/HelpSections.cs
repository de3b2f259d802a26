using System.Text.RegularExpressions;

namespace ActorHutch.Fakes;

/// <summary>A page of help, read back.</summary>
/// <param name="Headings">Its headings, in order.</param>
/// <param name="Options">Its options: the longest name, the heading above, and all that is said of it.</param>
public sealed record HelpSections(IReadOnlyList<string> Headings, IReadOnlyList<(string Name, string Heading, string Text)> Options)
{
    /// <summary>Reads a page.</summary>
    public static HelpSections Of(string page)
    {
        var headings = new List<string>();
        var options = new List<(string Name, string Heading, string Text)>();
        bool blank = false;
        foreach (string line in page.ReplaceLineEndings("\n").Split('\n'))
        {
            if (blank && Regex.IsMatch(line, "^[A-Z]")) headings.Add(line);
            else if (headings.Count == 0 || headings[^1] is "Examples" or "Usage") { }
            else if (Regex.Match(line, "^  (-{1,2}[^ ,]+(, -{1,2}[^ ,]+)*)") is { Success: true } names)
                options.Add((names.Groups[1].Value.Split(", ")[^1], headings[^1], line.Trim()));
            else if (options.Count > 0 && line.Length > 0) options[^1] = options[^1] with { Text = $"{options[^1].Text} {line.Trim()}" };
            blank = line.Length == 0;
        }

        return new HelpSections(headings, options);
    }
}
