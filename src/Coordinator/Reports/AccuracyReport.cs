using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Statistics;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Reports;

/// <summary>Estimates against the number of probes, as <c>--json</c> writes them.</summary>
/// <param name="Plan">What was to run.</param>
/// <param name="ExactTrace">The exact trace, where it was computed.</param>
/// <param name="Rounding">What rounding adds to the exact trace; null in double precision, or where none was computed.</param>
/// <param name="ProbeDeviation">σ: the standard deviation of one probe's vᵀHv, from all probes of all runs.</param>
/// <param name="Points">Over all runs, one entry a number of probes.</param>
/// <param name="Runs">Each run.</param>
/// <param name="Method">How quadratic forms were computed; null where the first run ended before that was known.</param>
/// <param name="Interrupted">Whether the user stopped it; runs that were not finished are left out.</param>
/// <param name="Error">Why a run failed; null where none did.</param>
/// <param name="ElapsedSeconds">All runs together, without set-up.</param>
/// <param name="Model">What model.</param>
/// <param name="Job">What the runs have in common; its seed is the first one's.</param>
/// <param name="Run">When and where.</param>
/// <param name="Versions">Which software.</param>
internal sealed record AccuracyReport(
    AccuracyPlan Plan, double? ExactTrace, RoundingReport? Rounding, double? ProbeDeviation, IReadOnlyList<AccuracyPoint> Points, IReadOnlyList<AccuracyRun> Runs,
    string? Method, bool Interrupted, string? Error, double ElapsedSeconds, ReplicaDescription? Model, JobDocument Job, RunReport Run, VersionReport Versions)
{
    /// <summary>The report's file.</summary>
    public const string Json = "accuracy.json";

    /// <summary>The file of each run's estimates.</summary>
    public const string Csv = "accuracy.csv";

    /// <summary>Makes the report.</summary>
    /// <param name="plan">What was to run.</param>
    /// <param name="results">The runs, each with its record, in the order of their seeds.</param>
    /// <param name="exact">What the exact trace's job came to.</param>
    /// <param name="job">What was asked for.</param>
    /// <param name="interrupted">Whether the user stopped it.</param>
    /// <param name="run">When and where.</param>
    public static AccuracyReport Of(
        AccuracyPlan plan, IReadOnlyList<JobResult> results, JobResult exact, JobDocument job, bool interrupted, RunReport run)
    {
        var at = RunningEstimates.Steps(plan.From, plan.To, plan.Steps);
        var finished = results.Where(result => result is { Succeeded: true, Record: not null }).ToArray();
        AccuracyRun[] runs =
        [
            .. finished.Select(result => new AccuracyRun(result.Spec.Seed,
                [.. RunningEstimates.Of(result.Record!.Values, result.Spec.ConfidenceLevel, 0, at)
                    .Select(estimate => new AccuracyEstimate(estimate.Probes, estimate.Trace, estimate.StandardError))])),
        ];
        var replica = results.Count > 0 ? results[0].State.Replica : null;
        // All runs have the same number of probes, so their variances count the same.
        double deviation = Math.Sqrt(finished.Select(result => result.Estimate!.ProbeVariance).DefaultIfEmpty(double.NaN).Average());
        return new AccuracyReport(
            plan, exact.Estimate?.Trace, exact.Estimate is null ? null : RoundingReport.Of(exact), deviation,
            runs.Length == 0 ? [] : [.. at.Select((probes, i) => AccuracyPoint.Of(probes, [.. runs.Select(run => run.Estimates[i].Trace)], deviation))],
            runs, replica?.Method.Word(), interrupted,
            results.FirstOrDefault(result => !result.Succeeded && !interrupted)?.Outcome.Message,
            results.Sum(result => result.Elapsed.TotalSeconds),
            replica?.Model,
            job with { Spec = plan.Spec(job.Spec with { ProbeSpace = replica?.ProbeSpace ?? job.Spec.ProbeSpace }, 0), ProbesGiven = true, SpaceGiven = true },
            run, VersionReport.Current);
    }
}

/// <summary>The runs' estimates of so many probes.</summary>
/// <param name="Probes">V.</param>
/// <param name="Mean">Their mean.</param>
/// <param name="Spread">Their standard deviation over the seeds: the standard error as it is observed.</param>
/// <param name="Expected">σ/√V: the standard error as theory has it.</param>
/// <param name="Lowest">The lowest of them.</param>
/// <param name="Highest">The highest of them.</param>
internal sealed record AccuracyPoint(long Probes, double Mean, double Spread, double Expected, double Lowest, double Highest)
{
    public static AccuracyPoint Of(long probes, IReadOnlyList<double> estimates, double deviation)
    {
        var moments = estimates.Aggregate(default(Moments), (sum, estimate) => sum.Add(estimate));
        return new AccuracyPoint(
            probes, moments.Mean, Math.Sqrt(moments.Variance), deviation / Math.Sqrt(probes), estimates.Min(), estimates.Max());
    }
}

/// <summary>One run: what its first V probes say, for each V.</summary>
internal sealed record AccuracyRun(ulong Seed, IReadOnlyList<AccuracyEstimate> Estimates);

/// <summary>What the first probes of a run say.</summary>
internal sealed record AccuracyEstimate(long Probes, double Trace, double StandardError);
