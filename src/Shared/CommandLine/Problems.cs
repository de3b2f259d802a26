using System.CommandLine;
using System.CommandLine.Invocation;
using System.Text.RegularExpressions;
using ActorHutch.Shared.Hosting;

namespace ActorHutch.Shared.CommandLine;

/// <summary>Tells the user what is wrong with the input: everything, a line each.</summary>
public static partial class Problems
{
    /// <summary>Writes the problems and returns the exit code for them.</summary>
    /// <param name="error">Where to.</param>
    /// <param name="program">The program whose help to recommend.</param>
    /// <param name="problems">What is wrong, a line each.</param>
    public static int Report(TextWriter error, string program, IReadOnlyList<string> problems)
    {
        ArgumentNullException.ThrowIfNull(error);
        ArgumentNullException.ThrowIfNull(problems);
        foreach (string problem in problems) error.WriteLine(problem);
        error.WriteLine($"See {program} --help.");
        return ExitCode.BadInput;
    }

    /// <summary>What the parser thinks the user may have meant, a line for each word that it does not know.</summary>
    public static IEnumerable<string> Suggestions(ParseResult parsed)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        if (parsed.Action is not ParseErrorAction action) return [];

        using var output = new StringWriter();
        using var error = new StringWriter();
        action.ShowHelp = false;
        action.ShowTypoCorrections = true;
        parsed.Invoke(new InvocationConfiguration { Output = output, Error = error });
        return Read(output.ToString());
    }

    /// <summary>The parser's lines: a question that names the word, then the words it may have been.</summary>
    private static IEnumerable<string> Read(string text)
    {
        string? unknown = null;
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (Question().Match(line) is { Success: true } question)
                unknown = question.Groups[1].Value;
            else if (unknown is { Length: > 2 } && line.Length > 2)
                yield return $"{unknown}: did you mean {line}?";
        }
    }

    [GeneratedRegex("^'([^']+)'.*\\?$")]
    private static partial Regex Question();
}
