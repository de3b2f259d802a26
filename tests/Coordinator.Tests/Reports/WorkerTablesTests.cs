using ActorHutch.Coordinator.CommandLine;
using ActorHutch.Coordinator.Reports;

namespace ActorHutch.Coordinator.Tests.Reports;

public class WorkerTablesTests
{
    [Fact]
    public void One_process_has_one_table_without_transfers()
    {
        string[] lines = Write(new WorkerReport("worker-1", "cpu", 10, 500, 1.25, 0.5, 0.3, 0, 400, 0.5, null));

        Assert.Equal(3, lines.Length);
        Assert.Equal(["worker", "device", "chunks", "probes", "share", "busy", "idle", "warm-up", "probes/s"],
            lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("50 %", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void A_cluster_of_long_names_and_large_numbers_stays_within_80_columns()
    {
        string[] lines = Write(new WorkerReport(
            "gpu-node-17.cluster.example.org-4053/7", "cuda:15", 123_456, 123_456_789, 98_765.4, 1_234.5, 99.9, 321.5,
            1_234_567, 1, null));

        Assert.Contains(lines, line => line.Contains("transfer", StringComparison.Ordinal));
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 80));
        Assert.Contains(lines, line => line.StartsWith("…ster.example.org-4053/7", StringComparison.Ordinal));
    }

    private static string[] Write(params WorkerReport[] workers)
    {
        using var output = new StringWriter();
        WorkerTables.Write(new Terminal(output, output).ForPeople(), workers);
        return output.ToString().TrimEnd().Split('\n');
    }
}
