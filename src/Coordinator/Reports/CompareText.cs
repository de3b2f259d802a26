using ActorHutch.Shared.Jobs;
using Spectre.Console;

namespace ActorHutch.Coordinator.Reports;

/// <summary>The comparison for people.</summary>
internal static class CompareText
{
    /// <summary>What a row says of its method.</summary>
    public static IReadOnlyList<string> Columns { get; } = ["V_batch", "trace", "σ", "probes/s", "speed-up", "to 1 %"];

    /// <summary>Writes it.</summary>
    /// <param name="console">Where to.</param>
    /// <param name="report">What was compared.</param>
    /// <param name="head">Whether to say what it is, and what its words mean.</param>
    public static void Write(IAnsiConsole console, CompareReport report, bool head)
    {
        if (head) WriteHead(console, report);
        var table = new RuledTable().Words("method").Numbers([.. Columns]);
        foreach (var row in report.Rows) table.AddRow(Cells(row));
        table.WriteTo(console);
        if (head)
        {
            console.WriteLine();
            console.MarkupLine("[grey]trace ± its standard error; σ: of one probe, as a share of the trace;[/]");
            console.MarkupLine("[grey]speed-up: probes/s against the first row;[/]");
            console.MarkupLine("[grey]to 1 %: the time to a standard error of 1 % of the trace. Set-up is left out.[/]");
        }

        foreach (var row in report.Rows.Where(row => row.Error is not null))
            console.MarkupLineInterpolated($"[yellow]{Label(row)}: {row.Error}[/]");
    }

    private static void WriteHead(IAnsiConsole console, CompareReport report)
    {
        var job = report.Job.Spec;
        string name = report.Model?.Name ?? job.Risk.Model;
        console.MarkupLineInterpolated($"[bold]Ways to the trace of the {Terms.Matrix(job.Matrix)} of {name}[/]");
        console.WriteLine();
        console.MarkupLineInterpolated($"  {Figures.Count(job.Probes, $"{Terms.Distribution(job.Distribution)} probe")} each, seed {job.Seed}, {job.Dtype.Word()}, {Figures.Count(report.Workers, "worker")}, {Figures.Count(report.Job.Settings.ThreadsPerWorker, "thread")} each");
        if (report.ExactTrace is { } exact)
            console.MarkupLineInterpolated($"  exact trace [bold green]{Figures.Significant(exact, 6)}[/]");
        if (report is { Rounding: { } rounding, ExactTrace: { } of })
            console.MarkupLineInterpolated($"  float32     {rounding.Text(of)}");

        console.WriteLine();
    }

    /// <summary>A row: its label, and what the columns say.</summary>
    public static string[] Cells(CompareRow row) =>
    [
        Label(row),
        Figures.Whole(row.VBatch),
        row.Trace is { } trace ? Notation.WithError(trace, row.StandardError!.Value) : "–",
        row.ProbeSpread is { } spread && double.IsFinite(spread) ? Figures.Significant(spread * 100, 2) + " %" : "–",
        Figures.Significant(row.ProbesPerSecond ?? double.NaN, 3),
        row.SpeedUp is { } speedUp && double.IsFinite(speedUp) ? Figures.Significant(speedUp, 3) + "×" : "–",
        Figures.Seconds(row.SecondsToTarget ?? double.NaN),
    ];

    /// <summary>A row's method, with what tells it from others.</summary>
    public static string Label(CompareRow row) => Label(row.Method, row.ProbeSpace, row.Structure);

    /// <summary>A method with its structure in parameter space; elsewhere there is one method, and the space says more.</summary>
    public static string Label(string method, string space, string structure) => space switch
    {
        "parameter" => $"{method} {structure}",
        // One pass backward, which has all blocks.
        "prediction" => space,
        _ => $"{space} {structure}",
    };
}
