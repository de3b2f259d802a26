using ActorHutch.Coordinator.Reports;
using ActorHutch.Coordinator.Reports.Files;
using ActorHutch.Coordinator.Running;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.CommandLine;

/// <summary>The trace along training: a job for each checkpoint, with the same samples and the same probes.</summary>
internal static class SeriesCommand
{
    /// <summary>Runs the jobs, one after another, on the session's workers.</summary>
    public static async Task<int> RunAsync(Session session, Request request, Terminal terminal, CancellationToken cancellation)
    {
        var checkpoints = request.Files!.Checkpoints;
        var onlooker = new Onlooker(terminal, null);
        var results = new List<(InputFile Checkpoint, JobResult Result)>();
        int code = ExitCode.Done;
        while (results.Count < checkpoints.Count && !cancellation.IsCancellationRequested)
        {
            var checkpoint = checkpoints[results.Count];
            onlooker.Title = $"Checkpoint {results.Count + 1} of {checkpoints.Count}: {checkpoint.Name}";
            var result = await session.RunAsync(
                request.Spec with { Risk = request.Spec.Risk with { Weights = checkpoint } }, observer: onlooker, cancellation: cancellation)
                .ConfigureAwait(false);
            onlooker.Clear();
            int end = SessionCommand.Conclude(result, terminal);
            // What is wrong with the first is wrong with the job; another one may have diverged.
            if (end == ExitCode.BadInput && results.Count == 0) return end;
            results.Add((checkpoint, result));
            if (end != ExitCode.Done) code = ExitCode.Failed;
        }

        bool interrupted = cancellation.IsCancellationRequested;
        if (interrupted) code = ExitCode.Interrupted;
        var report = SeriesReport.Of(results, checkpoints.Count, request.Job, interrupted, terminal.Clock.Report(request.Out));
        if (request.Json) await terminal.Out.WriteLineAsync(ReportJson.Write(report)).ConfigureAwait(false);
        else SeriesText.Write(terminal.ForPeople(), report);
        code = SessionCommand.WriteEvents(request, terminal, folder => TensorBoardEvents.Write(folder, report), code);
        code = SessionCommand.WriteFiles(request, terminal, () => SeriesFiles.Of(report), request.Job.Run.NoPage ? SeriesReport.Json : SeriesFiles.Page, code);
        return SessionCommand.TellHowToGoOn(request, terminal, code);
    }
}
