using ActorHutch.Coordinator.Scheduling;
using TorchSharp;
using TorchSharp.Modules;

namespace ActorHutch.Coordinator.Reports.Files;

/// <summary>Results as TensorBoard has them: numbers by tags and steps, in one event file a run. The file is TorchSharp's to write; its numbers are in single precision.</summary>
internal static class TensorBoardEvents
{
    private const string Trace = "actorhutch/trace", Error = "actorhutch/standard_error", Blocks = "actorhutch/blocks/";

    /// <summary>A job: its estimate as probes came in, whose numbers are the steps; at the last step the blocks too.</summary>
    /// <exception cref="IOException">The folder cannot be written to.</exception>
    public static void Write(string folder, Report report, JobResult result)
    {
        if (report.Trace is not { } trace) return;
        var writer = Writer(folder);
        if (report is { IsExact: false, Confidence: { } confidence } && result.History is { } history)
        {
            foreach (var point in RunningEstimates.Of([.. history.Points.Where(point => point.Count is > 1 && point.Count < report.Probes)], confidence.Level, 0))
                Add(writer, point.Probes, point.Trace, point.StandardError, []);
        }

        Add(writer, report.Probes, trace, report.StandardError, report.Blocks);
    }

    /// <summary>A series: a step for each checkpoint.</summary>
    /// <exception cref="IOException">The folder cannot be written to.</exception>
    public static void Write(string folder, SeriesReport report)
    {
        var writer = Writer(folder);
        foreach (var (step, row) in report.Axis().At.Zip(report.Rows, (step, row) => (step, row)))
        {
            if (row.Trace is { } trace) Add(writer, (long)step, trace, row.StandardError, row.Blocks);
        }
    }

    private static SummaryWriter Writer(string folder) => torch.utils.tensorboard.SummaryWriter(folder, filename_suffix: "", createRunName: false);

    private static void Add(SummaryWriter writer, long step, double trace, double? error, IReadOnlyList<BlockReport> blocks)
    {
        int at = (int)Math.Min(step, int.MaxValue);
        // By itself the writer would have .NET's ticks, and TensorBoard reads seconds.
        long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        writer.add_scalar(Trace, (float)trace, at, now);
        if (error is { } known && double.IsFinite(known)) writer.add_scalar(Error, (float)known, at, now);
        foreach (var block in blocks) writer.add_scalar(Blocks + block.Name, (float)block.Trace, at, now);
    }
}
