using ActorHutch.Coordinator.CommandLine.Live;
using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Coordinator.Reports;
using ActorHutch.Shared.Hosting;
using Serilog.Events;
using Spectre.Console;

namespace ActorHutch.Coordinator.CommandLine;

/// <summary>Where the program writes.</summary>
/// <param name="Out">Results.</param>
/// <param name="Error">Problems, logs and progress.</param>
internal sealed record Terminal(TextWriter Out, TextWriter Error)
{
    /// <summary>What standard error shows on, where that can be drawn over; null where it cannot.</summary>
    public IAnsiConsole? Screen { get; init; }

    /// <summary>How long a job takes, at least, before it is shown on the screen. Default: 2.5 s, of which the first drawing is 2 %.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(2.5);

    /// <summary>Measures the run.</summary>
    public RunClock Clock { get; init; } = new();

    /// <summary>Whether nothing but the result is written.</summary>
    public bool Quiet { get; private init; }

    /// <summary>Whether the result is for a program.</summary>
    public bool Json { get; private init; }

    /// <summary>Where log lines go, and which.</summary>
    public LogSettings Log { get; private init; } = new(Error, LogEventLevel.Warning);

    /// <summary>Whether what goes to standard error is shown in colours.</summary>
    public bool HasColors => Screen is { Profile.Capabilities.ColorSystem: not ColorSystem.NoColors };

    /// <summary>The process's own.</summary>
    public static Terminal OfProcess()
    {
        var clock = RunClock.OfProcess();
        // Its size is known by standard input or output alone.
        if (Console.IsErrorRedirected || (Console.IsInputRedirected && Console.IsOutputRedirected))
            return new Terminal(Console.Out, Console.Error) { Clock = clock };

        var screen = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Interactive = InteractionSupport.Yes,
            Out = new AnsiConsoleOutput(Console.Error),
            Enrichment = Plain,
        });
        if (!screen.Profile.Capabilities.Ansi) return new Terminal(Console.Out, Console.Error) { Clock = clock };

        // Whoever writes to standard error must not write into what is drawn there.
        Console.SetError(new ScreenWriter(screen));
        return new Terminal(Console.Out, Console.Error) { Clock = clock, Screen = screen };
    }

    /// <summary>The same, for what a command line asks for.</summary>
    public Terminal For(Request request) => this with
    {
        Quiet = request.Quiet,
        Json = request.Json,
        Log = new LogSettings(Error, request.Job.Run.Log.Level ?? RunOptions.DefaultLogLevel)
        {
            Format = request.Job.Run.Log.Format ?? default,
            Colors = HasColors,
        },
    };

    /// <summary>For people: colours where there is a terminal, plain text of 80 columns where there is none.</summary>
    public IAnsiConsole ForPeople()
    {
        bool terminal = ReferenceEquals(Out, Console.Out) && !Console.IsOutputRedirected;
        return AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = terminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = terminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(terminal ? Out : new TrimmingWriter(Out)),
            Enrichment = Plain,
        });
    }

    /// <summary>Where it is said what runs: beside the result, and on the screen where the result goes elsewhere.</summary>
    public IEnumerable<IAnsiConsole> Heads()
    {
        if (Quiet) yield break;
        if (!Json) yield return ForPeople();
        bool shown = !Json && !Console.IsOutputRedirected;
        if (Screen is not null && !shown && Log.Format == LogFormat.Text) yield return Screen;
    }

    /// <summary>Shows how far a job is; null where nobody looks.</summary>
    public IProgressDisplay? Progress() =>
        // Log lines for a program tell of it too.
        Quiet || Log.Format == LogFormat.Json ? null
        : Screen is not null ? new LiveProgress(Screen, Patience)
        : new PlainProgress(Error);

    /// <summary>Leaves the screen as it was found, whatever is being drawn: the process is about to end.</summary>
    public void Restore() => Screen?.Profile.Out.Writer.Write("\u001b[?25h");

    /// <summary>
    /// No guessing by the build server's name: some of them are said to know colours, and a file of theirs does not.
    /// </summary>
    private static ProfileEnrichment Plain => new() { UseDefaultEnrichers = false };
}
