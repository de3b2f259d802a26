using Spectre.Console;

namespace ActorHutch.Coordinator.Reports;

/// <summary>What each worker did, and where its time went.</summary>
internal static class WorkerTables
{
    private const int NameColumns = 24;

    /// <summary>Writes them.</summary>
    public static void Write(IAnsiConsole console, IReadOnlyList<WorkerReport> workers)
    {
        // Nothing is fetched in one process, and then there is nothing to say about it.
        bool transfers = workers.Any(worker => worker.TransferSeconds > 0);
        var table = new RuledTable().Words("worker", "device").Numbers("chunks", "probes", "share", "busy", "idle");
        if (transfers) table.Numbers("transfer");
        table.Numbers("warm-up", "probes/s");
        foreach (var worker in workers)
        {
            table.AddRow(
            [
                Figures.Shortened(worker.Id, NameColumns), worker.Device, Figures.Whole(worker.Chunks), Figures.Whole(worker.Probes),
                Figures.Whole(worker.Share * 100) + " %", Figures.Seconds(worker.BusySeconds), Figures.Seconds(worker.IdleSeconds),
                .. transfers ? [Figures.Seconds(worker.TransferSeconds)] : Array.Empty<string>(),
                Figures.Seconds(worker.WarmUpSeconds), Figures.Significant(worker.ProbesPerSecond, 3),
            ]);
        }

        table.WriteTo(console);
    }
}
