using ActorHutch.Coordinator.Reports;
using ActorHutch.Coordinator.Reports.Files;
using ActorHutch.Coordinator.Running;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.CommandLine;

/// <summary><c>actorhutch compare</c>: every contender, one after another, on the same workers.</summary>
internal static class CompareCommand
{
    public static async Task<int> RunAsync(
        Session session, Request request, Terminal terminal, CancellationToken cancellation)
    {
        var onlooker = new Onlooker(terminal, null) { Title = "The exact trace" };
        var exact = await ExactRun.BesideAsync(session, request.Spec, request.Spec.Probes, null, onlooker, cancellation).ConfigureAwait(false);
        onlooker.Clear();
        var rows = new List<CompareRow>();
        double? baseline = null;
        int workers = 0;
        ReplicaDescription? model = null;
        foreach (var contender in Contender.All)
        {
            if (cancellation.IsCancellationRequested) break;
            onlooker.Title = contender.Title(rows.Count + 1);
            var result = await session.RunAsync(contender.Spec(request.Spec), observer: onlooker, cancellation: cancellation)
                .ConfigureAwait(false);
            onlooker.Clear();
            workers = Math.Max(workers, result.State.Workers.Count);
            model ??= result.State.Replica?.Model;
            if (rows.Count == 0 && result.Succeeded) baseline = result.ProbesPerSecond;
            rows.Add(CompareRow.Of(result, baseline));
        }

        bool interrupted = cancellation.IsCancellationRequested;
        var report = new CompareReport(
            exact.Estimate?.Trace, exact.Estimate is null ? null : RoundingReport.Of(exact), rows, workers, interrupted, model, request.Job, terminal.Clock.Report(request.Out), VersionReport.Current);
        if (request.Json) await terminal.Out.WriteLineAsync(ReportJson.Write(report)).ConfigureAwait(false);
        else CompareText.Write(terminal.ForPeople(), report, head: !request.Quiet);

        int code = interrupted ? ExitCode.Interrupted : rows.All(row => row.Error is not null) ? ExitCode.Failed : ExitCode.Done;
        return SessionCommand.WriteFiles(request, terminal, () => CompareFiles.Of(report), CompareFiles.Page, code);
    }
}
