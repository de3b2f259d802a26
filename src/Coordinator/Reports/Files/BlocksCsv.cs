namespace ActorHutch.Coordinator.Reports.Files;

/// <summary>Blocks as CSV, in the model's order.</summary>
internal static class BlocksCsv
{
    private static readonly string[] Columns = ["block", "parameters", "trace", "standard_error", "exact", "average", "average_standard_error"];

    /// <summary>Those of a job.</summary>
    public static string Of(IReadOnlyList<BlockReport> blocks) => Csv.Of(Columns, blocks.Select(Row));

    /// <summary>Those of several jobs, each line with what tells its job.</summary>
    /// <param name="names">The columns that tell it.</param>
    /// <param name="jobs">What they say, and the job's blocks.</param>
    public static string Of(IReadOnlyList<string> names, IEnumerable<(string[] Job, IReadOnlyList<BlockReport> Blocks)> jobs) => Csv.Of(
        [.. names, .. Columns], jobs.SelectMany(job => job.Blocks.Select(block => (string[])[.. job.Job, .. Row(block)])));

    private static string[] Row(BlockReport block) =>
    [
        block.Name, Csv.Number(block.Parameters), Csv.Number(block.Trace), Csv.Number(block.StandardError), Csv.Number(block.ExactTrace),
        Csv.Number(block.Average), Csv.Number(block.AverageError),
    ];
}
