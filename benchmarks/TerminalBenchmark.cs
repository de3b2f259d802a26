using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.CommandLine.Live;
using ActorHutch.Coordinator.Reports;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Operators;
using ActorHutch.Shared.Jobs;
using Spectre.Console;

namespace ActorHutch.Benchmarks;

/// <summary>
/// What it costs a job to be shown on a terminal: the processor's time for the first drawing of a process, which is mostly
/// the just-in-time compiler's, and for one of those that follow.
/// </summary>
internal static class TerminalBenchmark
{
    private const int Draws = 300;

    public static void Run()
    {
        var screen = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            ColorSystem = ColorSystemSupport.TrueColor,
            Interactive = InteractionSupport.Yes,
            Out = new Sink(),
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
        });
        var state = Watched.Job(new JobSpec { Probes = 10_000 }, workers: 64, ["first"]);
        var accumulator = new TraceAccumulator([]);
        accumulator.Add(new ProbeValues(0, 1, [11.5, 12.5, 12.25]));
        var estimate = accumulator.Estimate();
        var live = new LiveProgress(screen, TimeSpan.Zero);

        // Every run has a head, drawn by much of the same code.
        double head = Measure(() => new JobText(screen).WriteHeader(state, 1));
        double first = Measure(() => live.Show(null, Progress(0)));
        double second = Measure(() => live.Show(null, Progress(1)));
        double later = Measure(() =>
        {
            for (int i = 2; i < Draws; i++) live.Show(null, Progress(i));
        }) / (Draws - 2);
        live.Clear();
        Watched.Print($"the head, which is always there: {head:N1} ms of a processor");
        Watched.Print($"a process's first drawing: {first:N1} ms, its second: {second:N1} ms, a later one: {later:N2} ms");
        foreach (int seconds in (int[])[3, 5, 10, 60, 600])
        {
            // The first after 2.5 to 3.5 s, and then one a second until the end.
            double cost = first + (seconds > 3 ? second : 0) + Math.Max(seconds - 4, 0) * later;
            Watched.Print($"a run of {seconds} s: {cost / 1000 / seconds:P2} of a processor");
        }

        JobProgress Progress(int i) => new(2500 + i, 10_000, TimeSpan.FromSeconds(60 + i), estimate) { State = state };
    }

    /// <summary>Milliseconds of a processor, of whichever threads.</summary>
    private static double Measure(Action action)
    {
        var before = Watched.Processor();
        action();
        return (Watched.Processor() - before).TotalMilliseconds;
    }

    /// <summary>A terminal of the usual size that nobody looks at.</summary>
    private sealed class Sink : IAnsiConsoleOutput
    {
        public TextWriter Writer => TextWriter.Null;

        public bool IsTerminal => true;

        public int Width => 100;

        public int Height => 40;

        public void SetEncoding(System.Text.Encoding encoding)
        {
            // Nothing is encoded.
        }
    }
}
