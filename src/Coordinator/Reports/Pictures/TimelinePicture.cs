using ActorHutch.Coordinator.Scheduling;

namespace ActorHutch.Coordinator.Reports.Pictures;

/// <summary>When each chunk ran where: a row a worker.</summary>
internal static class TimelinePicture
{
    private const int RowHeight = 36;
    private const int LowestRow = 7;
    private const int MostHeight = 1250;
    private const int AxisHeight = 56;
    private const int LowestLabelled = 16;

    /// <summary>Draws it; null where nothing ran.</summary>
    public static Picture? Draw(Report report, Timeline timeline)
    {
        var entries = timeline.Entries;
        if (entries.Count == 0) return null;
        // A worker that was started again goes on in its row.
        string[] workers = [.. report.Workers.Select(worker => worker.Id).Concat(entries.Select(entry => entry.Worker.Id)).Distinct()];
        var ran = entries.Select(entry => entry.Worker.Id).ToHashSet();
        workers = [.. workers.Where(ran.Contains)];

        int row = Math.Clamp(MostHeight / workers.Length, LowestRow, RowHeight);
        // The job's time, where all of it is shown.
        double end = Math.Max(entries.Max(entry => entry.End), timeline.LeftOut > 0 ? 0 : report.ElapsedSeconds);
        var (unit, factor) = end switch { < 1e-3 => ("µs", 1e6), < 1 => ("ms", 1e3), < 600 => ("s", 1), _ => ("min", 1 / 60.0) };

        var plot = PictureStyle.NewPlot();
        plot.Add.Plottable(new TimelineBars(entries, workers, factor));
        plot.Axes.SetLimitsX(0, Math.Max(end * factor, 1e-9));
        plot.Grid.YAxisStyle.IsVisible = false;
        int every = (LowestLabelled + row - 1) / row;
        RowLabels.Set(plot, plot.Axes.Left, workers, every);
        RowLabels.Set(plot, plot.Axes.Right, [.. workers.Select(id => Share(report, id))], every);
        plot.XLabel($"the job's time, {unit}");

        long again = entries.LongCount(entry => entry.Attempt > 1 && entry.Fate == AttemptFate.Accepted);
        return new Picture(
            "timeline", "What the workers computed, and when",
            PictureText.Subtitle(report) + (timeline.LeftOut > 0 ? $" · the first {Figures.Whole(entries.Count)} chunks, {Figures.Whole(timeline.LeftOut)} more not shown" : ""),
            $"A row for each of {Figures.Count(workers.Length, "worker")} with bars where it computed: "
            + $"{Figures.Count(entries.Count, "attempt")} in {Figures.Seconds(end)}, {Figures.Whole(again)} of them issued again.")
        {
            BodyHeight = AxisHeight + Math.Max(row * workers.Length, RowHeight * 3 / 2),
            Legend = TimelineBars.Legend(entries),
            Panels = [new Panel(plot)],
        };
    }

    /// <summary>What the table has of all lives of a worker.</summary>
    private static string Share(Report report, string id)
    {
        WorkerReport[] lives = [.. report.Workers.Where(worker => worker.Id == id)];
        return $"{Figures.Count(lives.Sum(worker => worker.Chunks), "chunk")}, {Figures.Whole(100 * lives.Sum(worker => worker.BusySeconds) / report.ElapsedSeconds)} % busy";
    }
}
