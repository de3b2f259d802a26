using ActorHutch.Coordinator.Reports;
using ActorHutch.Coordinator.Scheduling;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace ActorHutch.Coordinator.CommandLine.Live;

/// <summary>The workers of a job that runs, a line each; of many, the first few, and what the others are at.</summary>
internal static class WorkerLines
{
    /// <summary>With fewer columns than this, a worker's line says no more than what it is at and how fast.</summary>
    public const int Wide = 56;

    private const int Most = 8;
    private const int Least = 2;

    /// <summary>The lines, with their head.</summary>
    /// <param name="state">The job.</param>
    /// <param name="size">The terminal's.</param>
    /// <param name="linesAbove">Lines of the view that stand above.</param>
    public static IRenderable Of(JobState state, Size size, int linesAbove)
    {
        bool wide = size.Width >= Wide;
        // Its head, the line for the others, and the one that the cursor is on.
        int room = Math.Clamp(size.Height - linesAbove - 3, Least, Most);
        var workers = state.Workers.ToArray();
        int shown = workers.Length <= room + 1 ? workers.Length : room;

        var grid = new Grid().AddColumn(Column(left: 2)).AddColumn(Column());
        if (wide) grid.AddColumn(Column());
        if (wide) grid.AddColumn(Column(flushRight: true));
        grid.AddColumn(Column(flushRight: true));
        grid.AddRow([.. Cells(wide, "worker", "device", "state", "chunks", "probes/s").Select(cell => new Text(cell, new Style(decoration: Decoration.Bold)))]);
        foreach (var (key, worker) in workers.Take(shown))
        {
            var (word, style) = StateOf(worker);
            grid.AddRow([.. Cells(
                wide, Figures.Shortened(key.Id, wide ? 24 : 12), worker.Device, word, Figures.Whole(worker.ChunksDone),
                Figures.Significant(state.ProbesOf(worker) / worker.ComputeSeconds, 3))
                .Select(cell => cell == word ? new Text(cell, style) : new Text(cell))]);
        }

        return shown == workers.Length ? grid : new Rows(grid, Others(workers[shown..]));
    }

    private static Padder Others(KeyValuePair<WorkerKey, WorkerInJob>[] workers)
    {
        var states = workers.CountBy(worker => StateOf(worker.Value).Word)
            .Select(state => $"{Figures.Whole(state.Value)} {state.Key}");
        return new Padder(
            new Text($"… and {Figures.Whole(workers.Length)} more: {string.Join(", ", states)}", new Style(Color.Grey)),
            new Padding(2, 0, 0, 0));
    }

    private static (string Word, Style Style) StateOf(WorkerInJob worker) => worker.Phase switch
    {
        _ when worker.Stalled => ("stalled", new Style(Color.Red)),
        WorkerPhase.Preparing => ("preparing", new Style(Color.Yellow)),
        WorkerPhase.Ready when worker.Chunks.IsEmpty => ("waiting", new Style(Color.Grey)),
        WorkerPhase.Ready => ("computing", new Style(Color.Green)),
        WorkerPhase.Leaving => ("leaving", new Style(Color.Yellow)),
        WorkerPhase.Failed or WorkerPhase.Resting => ("failed", new Style(Color.Red)),
        _ => ("lost", new Style(Color.Red)),
    };

    private static string[] Cells(bool wide, string name, string device, string state, string chunks, string rate) =>
        wide ? [name, device, state, chunks, rate] : [name, state, rate];

    private static GridColumn Column(int left = 0, bool flushRight = false)
    {
        var column = new GridColumn().NoWrap().PadLeft(left).PadRight(2);
        return flushRight ? column.RightAligned() : column;
    }
}
