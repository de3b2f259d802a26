using Spectre.Console;

namespace ActorHutch.Coordinator.CommandLine;

/// <summary>Where the program writes.</summary>
/// <param name="Out">Results.</param>
/// <param name="Error">Problems and logs.</param>
internal sealed record Terminal(TextWriter Out, TextWriter Error)
{
    /// <summary>Whether a line on standard error can be written over.</summary>
    public bool ShowsProgress { get; init; }

    /// <summary>The process's own.</summary>
    public static Terminal OfProcess() =>
        new(Console.Out, Console.Error) { ShowsProgress = !Console.IsErrorRedirected };

    /// <summary>For people: colours where there is a terminal, plain text of 80 columns where there is none.</summary>
    public IAnsiConsole ForPeople()
    {
        bool terminal = ReferenceEquals(Out, Console.Out) && !Console.IsOutputRedirected;
        return AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = terminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = terminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(terminal ? Out : new TrimmingWriter(Out)),
        });
    }
}
