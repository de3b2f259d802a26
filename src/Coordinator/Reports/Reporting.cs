using System.Globalization;
using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Reports;

/// <summary>Makes reports of jobs' results.</summary>
internal static class Reporting
{
    /// <summary>A job's report.</summary>
    /// <param name="result">What the job came to.</param>
    /// <param name="beside">What the exact trace's job beside an estimate came to; null where there was none.</param>
    /// <param name="job">What was asked for.</param>
    /// <param name="interrupted">Whether the user interrupted it, or what came after it.</param>
    /// <param name="run">When and where.</param>
    public static Report Of(JobResult result, JobResult? beside, JobDocument job, bool interrupted, RunReport run)
    {
        var (state, spec, estimate) = (result.State, result.Spec, result.Estimate);
        var exact = estimate is { IsExact: true } ? result : beside;
        var trace = spec.Estimator.TellsTrace ? estimate : null;
        double accepted = state.Workers.Values.Sum(state.ProbesOf);
        return new Report
        {
            Kind = spec.Estimator.Name,
            Trace = trace?.Trace,
            StandardError = trace?.StandardError,
            DegreesOfFreedom = trace is { IsExact: false, DegreesOfFreedom: > 0 } ? trace.DegreesOfFreedom : null,
            BySample = estimate?.IsBySample ?? false,
            Confidence = trace is { IsExact: false, Confidence: var interval }
                ? new ConfidenceReport(interval.Level, interval.Low, interval.High)
                : null,
            Probes = result.Probes,
            Planned = state.Units,
            Part = estimate?.Part,
            Spectrum = SpectrumReport.Of(result),
            Eigenvalues = EigenvaluesReport.Of(result),
            Rounding = RoundingReport.Of(result),
            ExactTrace = exact?.Estimate?.Trace,
            ExactDtype = exact?.Estimate is null ? null : exact.Spec.Dtype.Word(),
            Matrix = spec.Matrix.Word(),
            Structure = spec.Structure.Word(),
            Method = state.Replica?.Method.Word(),
            MethodReason = state.Replica?.MethodReason,
            ProbeSpace = Terms.Space(spec),
            Distribution = spec.CurvatureOptions().Distribution.Word(),
            Seed = spec.Seed,
            Dtype = spec.Dtype.Word(),
            VBatch = spec.ChunkSize,
            StopReason = StopReasonOf(spec, result.Outcome.End),
            Interrupted = interrupted || result.Outcome.End == JobEnd.Interrupted,
            Error = result.Outcome.Message,
            ElapsedSeconds = result.Elapsed.TotalSeconds,
            SetupSeconds = result.Setup.TotalSeconds,
            Run = run with { EarlierSeconds = result.Earlier.TotalSeconds },
            Model = state.Replica?.Model,
            Blocks = BlockReport.Of(result, exact?.Estimate),
            Workers = [.. state.Workers.Select(worker => Of(worker.Key, worker.Value, state.ProbesOf(worker.Value), accepted, result.Elapsed.TotalSeconds))],
            Chunks = new ChunkReport(
                state.Done.Count, state.Counts.Reissued, state.Counts.Copies, state.Counts.Duplicates,
                state.Counts.Verified, state.Counts.Unverified, state.Counts.Disagreements.Length,
                state.Counts.Failed, state.Counts.Stale),
            Disagreements = [.. state.Counts.Disagreements.Select(pair =>
                new DisagreementReport(pair.Chunk, pair.First.Id, pair.Second.Id))],
            Job = job with { Spec = spec, ProbesGiven = true, SpaceGiven = true, StructureGiven = true, PicksPrecision = false },
            Versions = VersionReport.Current,
        };
    }

    private static WorkerReport Of(WorkerKey key, WorkerInJob worker, double probes, double accepted, double elapsed) => new(
        key.Id, worker.Device, worker.ChunksDone, (long)Math.Round(probes), worker.ComputeSeconds, worker.WaitSeconds,
        worker.WarmUpSeconds, worker.TransferSeconds, probes / worker.ComputeSeconds,
        accepted == 0 ? 0 : probes / accepted, worker.Problem)
    {
        Kind = worker.Kind,
        RoundingSeconds = worker.RoundingSeconds,
        // Of a job that was stopped, the last moments of a run may be known to its workers alone.
        IdleSeconds = Math.Max(0, elapsed - worker.ComputeSeconds - worker.RoundingSeconds),
        Bits = worker.Bits?.ToString("x16", CultureInfo.InvariantCulture),
    };

    private static string StopReasonOf(JobSpec spec, JobEnd end) => end switch
    {
        // It has all that it wants, and there was nothing to reach.
        JobEnd.TargetReached when spec is { Target: null, Estimator.FindsEigenvalues: false } => StopReasons.Completed,
        JobEnd.Completed => StopReasons.Completed,
        JobEnd.TargetReached => StopReasons.TargetReached,
        JobEnd.Interrupted => StopReasons.Interrupted,
        JobEnd.Imprecise => StopReasons.Imprecise,
        _ => StopReasons.Failed,
    };
}
