using ActorHutch.Coordinator.CommandLine.Live;
using ActorHutch.Coordinator.Reports;
using ActorHutch.Coordinator.Reports.Files;
using ActorHutch.Coordinator.Running;
using ActorHutch.Shared.CommandLine;

namespace ActorHutch.Coordinator.CommandLine;

/// <summary><c>actorhutch exact</c>: the exact trace.</summary>
internal static class ExactCommand
{
    public static async Task<int> RunAsync(
        Session session, Request request, Terminal terminal, CancellationToken cancellation)
    {
        var text = request.Json ? null : new JobText(terminal.ForPeople());
        var onlooker = new Onlooker(terminal, request.Settings.ThreadsPerWorker);
        var result = request.Job.ProbeSpaceGiven
            ? await session.RunAsync(request.Spec, null, onlooker, cancellation).ConfigureAwait(false)
            : await ExactRun.RunAsync(session, request.Spec, null, onlooker, cancellation).ConfigureAwait(false);
        onlooker.Clear();
        session.Feed?.Finished(result);
        int code = SessionCommand.Conclude(result, terminal);
        if (code == ExitCode.BadInput) return code;

        var report = Reporting.OfExact(result, request.Job);
        session.Feed?.Ended(report);
        if (text is null) await terminal.Out.WriteLineAsync(ReportJson.Write(report)).ConfigureAwait(false);
        else text.WriteExact(report, result, tables: !request.Quiet);
        return SessionCommand.WriteFiles(request, terminal, () => JobReportFiles.Of(report, result.Record), JobReportFiles.Page, code);
    }
}
