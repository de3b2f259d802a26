using System.CommandLine;
using ActorHutch.Shared.Hosting;

namespace ActorHutch.Shared.CommandLine;

/// <summary>Tells the user what is wrong with the input: everything, a line each.</summary>
public static class Problems
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

    /// <summary>What the user may have meant, a line for each option or command that is near to a word that nobody knows.</summary>
    public static IEnumerable<string> Suggestions(ParseResult parsed)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        var command = parsed.CommandResult.Command;
        string[] names =
        [
            .. command.Options.Where(option => !option.Hidden).Select(option => option.Name),
            .. command.Subcommands.Where(other => !other.Hidden).Select(other => other.Name),
        ];
        return from token in parsed.UnmatchedTokens
               let word = token.Split('=', 2)[0]
               from name in names
               where IsNear(word, name)
               select $"{word}: did you mean {name}?";
    }

    /// <summary>Whether a word is the beginning of a name, or the name with a slip in every three letters at most.</summary>
    private static bool IsNear(string word, string name)
    {
        bool isOption = word.StartsWith("--", StringComparison.Ordinal);
        string letters = word.TrimStart('-');
        if (letters.Length < 3 || isOption != name.StartsWith("--", StringComparison.Ordinal)) return false;
        return name.StartsWith(word, StringComparison.Ordinal) || Distance(letters, name.TrimStart('-')) <= letters.Length / 3;
    }

    /// <summary>How many letters must be put in, taken out or changed to make one word of another: Levenshtein's distance.</summary>
    private static int Distance(string from, string to)
    {
        int[] row = [.. Enumerable.Range(0, to.Length + 1)];
        for (int i = 1; i <= from.Length; i++)
        {
            int before = row[0]++;
            for (int j = 1; j <= to.Length; j++)
            {
                int changed = before + (from[i - 1] == to[j - 1] ? 0 : 1);
                before = row[j];
                row[j] = Math.Min(changed, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
