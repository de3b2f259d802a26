using Spectre.Console;

namespace ActorHutch.Coordinator.Reports;

/// <summary>The trace along training, for people.</summary>
internal static class SeriesText
{
    private const int MostNameColumns = 30;

    /// <summary>What a row says.</summary>
    public static IReadOnlyList<string> Columns { get; } = ["checkpoint", "trace", "± error", "change", "± error"];

    /// <summary>A row.</summary>
    public static string[] Cells(SeriesRow row)
    {
        if (row.Trace is not { } trace) return [row.File, "failed", "", "", ""];
        double error = row.StandardError ?? double.NaN, changeError = row.Change?.StandardError ?? double.NaN;
        var ofTrace = Notation.Of(trace, error > 0 ? error : Math.Abs(trace) * 1e-5);
        var ofChange = row.Change is { Value: var changed } && changeError > 0 ? Notation.Of(changed, changeError) : ofTrace;
        return
        [
            row.File, ofTrace.Write(trace), row.Confidence is null ? "exact" : ofTrace.Write(error),
            row.Change is { } change ? ofChange.Write(change.Value) : "",
            changeError > 0 ? ofChange.Write(changeError) : "",
        ];
    }

    /// <summary>What the errors of the changes are, as far as there are any.</summary>
    public static string Explanation(SeriesReport report) => report.Rows.Any(row => row.Change?.StandardError > 0)
        ? "change: from the checkpoint before, with the error of the difference probe by probe"
        : report.Rows.Any(row => row is { Change: not null, Confidence: not null })
            ? "change: from the checkpoint before; its error takes 8 probes or more of all samples, as many at both checkpoints"
            : "change: from the checkpoint before";

    /// <summary>Writes it.</summary>
    public static void Write(IAnsiConsole console, SeriesReport report)
    {
        var spec = report.Job.Spec;
        console.MarkupLineInterpolated($"[bold]{Title(report)}[/]");
        console.WriteLine();
        if (report.Rows.Count > 0)
        {
            console.MarkupLineInterpolated($"  {Terms.Matrix(spec)}, {Terms.Probes(spec, count: 0)}, method {report.Method ?? "unknown"}");
            console.WriteLine();
            var table = new RuledTable().Words(Columns[0]).Numbers([.. Columns.Skip(1)]);
            foreach (var row in report.Rows)
            {
                string[] cells = Cells(row);
                table.AddRow([Figures.Shortened(Path.GetFileName(cells[0]), MostNameColumns), .. cells[1..]]);
            }

            table.WriteTo(console);
            console.WriteLine();
            console.MarkupLineInterpolated($"[grey]{Explanation(report)}[/]");
            console.MarkupLineInterpolated($"[grey]{Time(report)}[/]");
        }

        if (report.Interrupted) console.MarkupLineInterpolated($"[yellow]{Stopped(report)}[/]");
    }

    /// <summary>What the report is about.</summary>
    public static string Title(SeriesReport report) =>
        $"The trace of the {Terms.Matrix(report.Job.Spec.Matrix)} along training, {report.Model?.Name ?? report.Job.Spec.Risk.Model}";

    /// <summary>How long it took.</summary>
    public static string Time(SeriesReport report) =>
        $"{Figures.Count(report.Rows.Count, "checkpoint")} in {Figures.Seconds(report.ElapsedSeconds)}, after {Figures.Seconds(report.SetupSeconds)} of set-up";

    /// <summary>What an interrupted series lacks.</summary>
    public static string Stopped(SeriesReport report) => $"Interrupted after {report.Rows.Count} of {Figures.Count(report.Planned, "checkpoint")}.";
}
