using Spectre.Console;

namespace ActorHutch.Coordinator.CommandLine;

/// <summary>Where the program writes.</summary>
/// <param name="Out">Results.</param>
/// <param name="Error">Problems and logs.</param>
internal sealed record Terminal(TextWriter Out, TextWriter Error)
{
    /// <summary>The process's own.</summary>
    public static Terminal OfProcess() => new(Console.Out, Console.Error);

    /// <summary>For people: colours where there is a terminal, plain text of 80 columns where there is none.</summary>
    public IAnsiConsole ForPeople() =>
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Out) });
}
