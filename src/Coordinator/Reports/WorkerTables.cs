using Spectre.Console;

namespace ActorHutch.Coordinator.Reports;

/// <summary>What each worker did, and where its time went: in one table where 80 columns hold it, else in two.</summary>
internal static class WorkerTables
{
    private const int Columns = 80;
    private const int NameColumns = 24;

    /// <summary>Writes them.</summary>
    public static void Write(IAnsiConsole console, IReadOnlyList<WorkerReport> workers)
    {
        // Nothing is fetched in one process, and then there is nothing to say about it.
        bool transfers = workers.Any(worker => worker.TransferSeconds > 0);
        var one = Table(workers, transfers, work: true, times: true);
        if (one.Width <= Columns)
        {
            one.WriteTo(console);
            return;
        }

        Table(workers, transfers, work: true, times: false).WriteTo(console);
        console.WriteLine();
        Table(workers, transfers, work: false, times: true).WriteTo(console);
    }

    private static RuledTable Table(IReadOnlyList<WorkerReport> workers, bool transfers, bool work, bool times)
    {
        var table = new RuledTable().Words("worker");
        if (work) table.Words("device").Numbers("chunks", "probes", "share");
        if (times) table.Numbers(transfers ? ["busy", "idle", "transfer", "warm-up"] : ["busy", "idle", "warm-up"]);
        if (work) table.Numbers("probes/s");
        foreach (var worker in workers)
        {
            string[] did =
            [
                worker.Device, Figures.Whole(worker.Chunks), Figures.Whole(worker.Probes),
                Figures.Whole(worker.Share * 100) + " %",
            ];
            string[] transfer = transfers ? [Figures.Seconds(worker.TransferSeconds)] : [];
            string[] took =
            [
                Figures.Seconds(worker.BusySeconds), Figures.Seconds(worker.IdleSeconds), .. transfer,
                Figures.Seconds(worker.WarmUpSeconds),
            ];
            string[] speed = [Figures.Significant(worker.ProbesPerSecond, 3)];
            table.AddRow(
            [
                Figures.Shortened(worker.Id, NameColumns),
                .. work ? did : [], .. times ? took : [], .. work ? speed : [],
            ]);
        }

        return table;
    }
}
