using Spectre.Console;

namespace ActorHutch.Coordinator.Reports;

/// <summary>Estimates against the number of probes, for people.</summary>
internal static class AccuracyText
{
    /// <summary>What a row says.</summary>
    public static IReadOnlyList<string> Columns { get; } = ["V", "mean", "lowest", "highest", "spread", "σ/√V"];

    /// <summary>A row.</summary>
    public static string[] Cells(AccuracyPoint point)
    {
        double[] values = [point.Mean, point.Lowest, point.Highest, point.Spread, point.Expected];
        return [Figures.Whole(point.Probes), .. values.Select(Notation.Of(point.Expected, values).Write)];
    }

    /// <summary>Writes them.</summary>
    /// <param name="console">Where to.</param>
    /// <param name="report">The runs.</param>
    /// <param name="exactNote">What to say in the exact trace's place where there is none.</param>
    public static void Write(IAnsiConsole console, AccuracyReport report, string? exactNote)
    {
        var spec = report.Job.Spec;
        console.MarkupLineInterpolated($"[bold]The estimate against the number of probes, {report.Model?.Name ?? spec.Risk.Model}[/]");
        console.WriteLine();
        if (report.Points.Count == 0)
        {
            console.WriteLine(report.Interrupted ? "Interrupted before the first run was done." : "No run was done.");
            return;
        }

        console.MarkupLineInterpolated($"  {Figures.Count(report.Runs.Count, "run")} of {Figures.Count(spec.Probes, "probe")}, seeds {report.Runs[0].Seed} to {report.Runs[^1].Seed}, method {report.Method}");
        if (report.ExactTrace is { } exact) console.MarkupLineInterpolated($"  exact trace [bold green]{Figures.Significant(exact, 6)}[/]");
        else if (exactNote is not null) console.MarkupLineInterpolated($"  exact trace {exactNote}");
        if (report is { Rounding: { } rounding, ExactTrace: { } of }) console.MarkupLineInterpolated($"  float32     {rounding.Text(of)}");
        console.MarkupLineInterpolated($"  one probe's standard deviation σ is {Figures.Significant(report.ProbeDeviation ?? double.NaN, 3)}");
        console.WriteLine();

        var table = new RuledTable().Numbers([.. Columns]);
        foreach (var point in report.Points) table.AddRow(Cells(point));
        table.WriteTo(console);
        console.WriteLine();
        console.MarkupLine("[grey]mean, lowest, highest, spread: of the runs' estimates from their first V probes;[/]");
        double sure = 1 / Math.Sqrt(2.0 * (report.Runs.Count - 1));
        console.MarkupLineInterpolated($"[grey]spread: their standard deviation, with an uncertainty of {Figures.Whole(100 * sure)} %; σ/√V: its theoretical value.[/]");
        if (report.Interrupted) console.MarkupLine("[yellow]Interrupted: runs that were not done are left out.[/]");
    }
}
