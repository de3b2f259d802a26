using System.CommandLine;
using System.CommandLine.Invocation;

namespace ActorHutch.Coordinator.CommandLine;

/// <summary>Tells the user what is wrong with the input: everything, a line each.</summary>
internal static class Problems
{
    /// <summary>Writes the problems and returns the exit code for them.</summary>
    public static int Report(Terminal terminal, IReadOnlyList<string> problems)
    {
        foreach (string problem in problems) terminal.Error.WriteLine(problem);
        terminal.Error.WriteLine("See actorhutch --help.");
        return ExitCode.BadInput;
    }

    /// <summary>What the parser thinks the user may have meant.</summary>
    public static IEnumerable<string> Suggestions(ParseResult parsed)
    {
        if (parsed.Action is not ParseErrorAction action) return [];

        using var output = new StringWriter();
        using var error = new StringWriter();
        action.ShowHelp = false;
        action.ShowTypoCorrections = true;
        parsed.Invoke(new InvocationConfiguration { Output = output, Error = error });
        return output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }
}
