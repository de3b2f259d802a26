using ActorHutch.Coordinator.Reports;
using ActorHutch.Coordinator.Reports.Files;
using ActorHutch.Coordinator.Running;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.CommandLine;

/// <summary>A command that runs one estimator: beside an estimate, it computes the exact trace where that is cheap.</summary>
internal static class EstimateCommand
{
    public static async Task<int> RunAsync(
        Session session, Request request, Terminal terminal, CancellationToken cancellation)
    {
        if (request.IsSeries) return await SeriesCommand.RunAsync(session, request, terminal, cancellation).ConfigureAwait(false);
        var text = request.Json ? null : new JobText(terminal.ForPeople());
        var onlooker = new Onlooker(terminal, request.Settings.ThreadsPerWorker);
        var result = await session.RunAsync(request.Spec, observer: onlooker, cancellation: cancellation)
            .ConfigureAwait(false);
        onlooker.Clear();
        session.Feed?.Finished(result);
        int code = SessionCommand.Conclude(result, terminal);
        if (code == ExitCode.BadInput) return code;

        var exact = result is { Succeeded: true, Estimate.IsExact: false } && (result.Spec.Estimator is HutchinsonEstimator or { TakesTurns: true, TellsTrace: true }) && !cancellation.IsCancellationRequested
            ? await ExactBesideAsync(session, result, terminal, cancellation).ConfigureAwait(false)
            : null;
        bool interrupted = cancellation.IsCancellationRequested;
        if (interrupted) code = ExitCode.Interrupted;

        var report = Reporting.Of(result, exact, request.Job, interrupted, terminal.Clock.Report(request.Out));
        session.Feed?.Ended(report);
        if (text is null) await terminal.Out.WriteLineAsync(ReportJson.Write(report)).ConfigureAwait(false);
        else text.WriteResult(report, result, NoExactTrace(exact), tables: !request.Quiet);
        code = SessionCommand.WriteEvents(request, terminal, folder => TensorBoardEvents.Write(folder, report, result), code);
        code = SessionCommand.WriteFiles(
            request, terminal, () => JobReportFiles.Of(report, result), request.Job.Run.NoPage ? JobReportFiles.Json : JobReportFiles.Page, code);
        return SessionCommand.TellHowToGoOn(request, terminal, code);
    }

    private static async Task<JobResult> ExactBesideAsync(
        Session session, JobResult result, Terminal terminal, CancellationToken cancellation)
    {
        var onlooker = new Onlooker(terminal, null) { Title = "The exact trace beside the estimate" };
        // What an estimate is compared with must be much more precise than it.
        var spec = PrecisionRule.IsEnoughBeside(result) ? result.Spec : result.Spec with { Dtype = Dtype.Float64 };
        var exact = await ExactRun.BesideAsync(session, spec, result.Probes, 0, onlooker, cancellation).ConfigureAwait(false);
        onlooker.Clear();
        return exact;
    }

    /// <summary>What to say where there is no exact trace; null where there is nothing to say.</summary>
    public static string? NoExactTrace(JobResult? exact) => exact?.Outcome.End switch
    {
        null or JobEnd.Completed or JobEnd.Interrupted => null,
        JobEnd.TooManyLanes => $"not computed, because {exact.Outcome.Message}: actorhutch exact does",
        _ => $"not computed: {exact.Outcome.Message}",
    };
}
