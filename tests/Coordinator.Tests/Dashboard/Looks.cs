using System.Text.Json;
using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.Dashboard;
using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Coordinator.Reports;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Coordinator.Tests.Scheduling;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Fakes;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Tests.Dashboard;

/// <summary>A job as it is looked at: what the coordinator would say of a schedule.</summary>
internal static class Looks
{
    /// <summary>The job of <see cref="Schedule"/>: 5 chunks, 45 probes.</summary>
    public static JobDocument Job { get; } = new(new JobSpec { Probes = 45, VBatch = 10 }, new ExecutionSettings());

    /// <summary>The look at a job whose first chunks are merged.</summary>
    public static JobLook At(JobState state, int merged = 0) => new(
        state, merged == 0 ? null : new JobProgress(merged * 10, 45, TimeSpan.FromSeconds(merged), Estimate(merged)), History(merged));

    /// <summary>What a job came to that did all.</summary>
    public static JobResult Result(JobState state) => new(
        state with { Outcome = new JobOutcome(JobEnd.Completed) }, Estimate(4), TimeSpan.Zero, TimeSpan.FromSeconds(9))
    {
        History = History(4),
    };

    /// <summary>The report of that.</summary>
    public static Report Report(JobResult result) =>
        Reporting.Of(
            result,
            result with { State = result.State with { Spec = new JobSpec { Estimator = Estimator.Exact } }, Estimate = new TraceEstimate(12, 0, 30, default, []) { IsExact = true } },
            Job, interrupted: false, new RunClock().Report(null));

    /// <summary>What a page gets of it.</summary>
    public static JsonElement View(this JobSight sight) => JsonDocument.Parse(sight.Json).RootElement;

    private static TraceEstimate Estimate(int chunks) => Results(chunks).Estimate()!;

    private static EstimateHistory History(int chunks) => Results(chunks).History;

    private static ChunkResults Results(int chunks)
    {
        var results = new ChunkResults(Job.Spec, ["first.weight", "second.weight"]);
        for (int i = 0; i < chunks; i++) results.Accept(i, Schedule.A, FakeQuadraticForm.Values(0, i * 10, 10));
        return results;
    }
}
