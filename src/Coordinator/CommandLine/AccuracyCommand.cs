using System.Globalization;
using ActorHutch.Coordinator.Reports;
using ActorHutch.Coordinator.Reports.Files;
using ActorHutch.Coordinator.Running;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Shared.Hosting;

namespace ActorHutch.Coordinator.CommandLine;

/// <summary><c>actorhutch accuracy</c>: estimates against the number of probes, for several seeds, and the exact trace.</summary>
internal static class AccuracyCommand
{
    /// <summary>Where its files go where nobody says.</summary>
    public const string Folder = "accuracy";

    public static async Task<int> RunAsync(
        Session session, Request request, Terminal terminal, CancellationToken cancellation)
    {
        var plan = request.Accuracy;
        var common = plan.Spec(request.Spec, 0);
        var onlooker = new Onlooker(terminal, null) { Title = "The exact trace" };
        var exact = await ExactRun.BesideAsync(session, common, plan.AllProbes, null, onlooker, cancellation).ConfigureAwait(false);
        onlooker.Clear();
        var results = new List<JobResult>();
        while (results.Count < plan.Seeds && !cancellation.IsCancellationRequested && results.All(result => result.Succeeded))
        {
            onlooker.Title = string.Create(CultureInfo.InvariantCulture, $"Seed {results.Count + 1} of {plan.Seeds}");
            results.Add(await session.RunAsync(plan.Spec(request.Spec, results.Count), observer: onlooker, cancellation: cancellation)
                .ConfigureAwait(false));
            onlooker.Clear();
        }

        bool interrupted = cancellation.IsCancellationRequested;
        int code = results.Count == 0 ? ExitCode.Interrupted : SessionCommand.Conclude(results[^1], terminal);
        if (code == ExitCode.BadInput) return code;

        var report = AccuracyReport.Of(plan, results, exact, request.Job, interrupted, terminal.Clock.Report(request.Out));
        if (request.Json) await terminal.Out.WriteLineAsync(ReportJson.Write(report)).ConfigureAwait(false);
        else AccuracyText.Write(terminal.ForPeople(), report, EstimateCommand.NoExactTrace(exact));
        return SessionCommand.WriteFiles(
            request, terminal, () => AccuracyFiles.Of(report), AccuracyFiles.Page, interrupted ? ExitCode.Interrupted : code);
    }
}
