using System.Globalization;
using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Reports;

/// <summary>Makes reports of jobs' results.</summary>
internal static class Reporting
{
    /// <summary>The report of an estimate.</summary>
    /// <param name="result">What the job came to.</param>
    /// <param name="exact">What the exact trace's job came to; null where there was none.</param>
    /// <param name="job">What was asked for.</param>
    /// <param name="interrupted">Whether the user interrupted it, or what came after it.</param>
    public static Report OfEstimate(JobResult result, JobResult? exact, JobDocument job, bool interrupted)
    {
        var estimate = result.Estimate;
        return Of(result, job) with
        {
            Trace = estimate?.Trace,
            StandardError = estimate?.StandardError,
            Confidence = estimate is null
                ? null
                : new ConfidenceReport(estimate.Confidence.Level, estimate.Confidence.Low, estimate.Confidence.High),
            ExactTrace = exact?.Exact?.Trace,
            ExactDtype = exact?.Exact is null ? null : exact.Spec.Dtype.Word(),
            Interrupted = interrupted,
            Blocks = [.. (estimate?.Blocks ?? []).Select(block => new BlockReport(
                block.Name, block.Trace, block.StandardError, Find(exact?.Exact, block.Name), RoundingOf(result, block.Name)))],
        };
    }

    /// <summary>The report of an exact trace.</summary>
    public static Report OfExact(JobResult result, JobDocument job) => Of(result, job) with
    {
        Trace = result.Exact?.Trace,
        StandardError = result.Exact is null ? null : 0,
        ExactTrace = result.Exact?.Trace,
        ExactDtype = result.Exact is null ? null : result.Spec.Dtype.Word(),
        Blocks = [.. (result.Exact?.Blocks ?? []).Select(block => new BlockReport(
            block.Name, block.Trace, 0, block.Trace, RoundingOf(result, block.Name)))],
    };

    private static Report Of(JobResult result, JobDocument job)
    {
        var (state, spec) = (result.State, result.Spec);
        double accepted = state.Workers.Values.Sum(worker => worker.ProbesDone);
        return new Report
        {
            Kind = spec.Kind.Word(),
            Trace = null,
            StandardError = null,
            Confidence = null,
            Probes = result.Probes,
            Rounding = RoundingReport.Of(result),
            ExactTrace = null,
            ExactDtype = null,
            Matrix = spec.Matrix.Word(),
            Structure = spec.Structure.Word(),
            Method = state.Replica?.Method.Word(),
            MethodReason = state.Replica?.MethodReason,
            ProbeSpace = spec.ProbeSpace.Word(),
            Distribution = spec.CurvatureOptions().Distribution.Word(),
            Seed = spec.Seed,
            Dtype = spec.Dtype.Word(),
            VBatch = spec.ChunkSize,
            StopReason = StopReasonOf(result.Outcome.End),
            Interrupted = result.Outcome.End == JobEnd.Interrupted,
            Error = result.Outcome.Message,
            ElapsedSeconds = result.Elapsed.TotalSeconds,
            SetupSeconds = result.Setup.TotalSeconds,
            Model = state.Replica?.Model,
            Blocks = [],
            Workers = [.. state.Workers.Select(worker => Of(worker.Key, worker.Value, accepted))],
            Chunks = new ChunkReport(
                state.Done.Count, state.Counts.Reissued, state.Counts.Copies, state.Counts.Duplicates,
                state.Counts.Verified, state.Counts.Unverified, state.Counts.Disagreements.Length,
                state.Counts.Failed, state.Counts.Stale),
            Disagreements = [.. state.Counts.Disagreements.Select(pair =>
                new DisagreementReport(pair.Chunk, pair.First.Id, pair.Second.Id))],
            Job = job with { Spec = spec, ProbesGiven = true, ProbeSpaceGiven = true, PicksPrecision = false },
            Versions = VersionReport.Current,
        };
    }

    private static WorkerReport Of(WorkerKey key, WorkerInJob worker, double accepted) => new(
        key.Id, worker.Device, worker.ChunksDone, worker.ProbesDone, worker.ComputeSeconds, worker.WaitSeconds,
        worker.WarmUpSeconds, worker.TransferSeconds, worker.ProbesDone / worker.ComputeSeconds,
        accepted == 0 ? 0 : worker.ProbesDone / accepted, worker.Problem)
    {
        Kind = worker.Kind,
        Bits = worker.Bits?.ToString("x16", CultureInfo.InvariantCulture),
    };

    private static string StopReasonOf(JobEnd end) => end switch
    {
        JobEnd.Completed => "completed",
        JobEnd.TargetReached => "targetReached",
        JobEnd.Interrupted => "interrupted",
        JobEnd.Imprecise => "imprecise",
        _ => "failed",
    };

    private static double? RoundingOf(JobResult result, string block) =>
        result.Rounding?.Blocks.FirstOrDefault(candidate => candidate.Name == block)?.Bound;

    private static double? Find(ExactTrace? exact, string block) =>
        exact?.Blocks.FirstOrDefault(candidate => candidate.Name == block)?.Trace;
}
