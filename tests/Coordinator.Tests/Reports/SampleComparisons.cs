using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Coordinator.Reports;
using ActorHutch.Fakes;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Tests.Reports;

/// <summary>Reports of several jobs that did not run: the same each time.</summary>
internal static class SampleComparisons
{
    private static readonly ReplicaDescription Model = new("sample", new string('a', 64), 30, 4);
    private static readonly VersionReport Versions = new("1", "2", "3", "4");

    /// <summary>Runs of the fake, up to 400 probes each.</summary>
    public static AccuracyReport Accuracy(int seeds = 3, double? exact = FakeQuadraticForm.Trace)
    {
        var plan = new AccuracyPlan(Math.Max(seeds, 2), 10, 400, 5);
        var at = RunningEstimates.Steps(plan.From, plan.To, plan.Steps);
        AccuracyRun[] runs =
        [
            .. Enumerable.Range(0, seeds).Select(seed => new AccuracyRun((ulong)seed,
                [.. RunningEstimates.Of([FakeQuadraticForm.Values((ulong)seed, 0, 400)], 0.95, 0, at)
                    .Select(estimate => new AccuracyEstimate(estimate.Probes, estimate.Trace, estimate.StandardError))])),
        ];
        double deviation = Math.Sqrt(1.0 / 6);
        return new AccuracyReport(
            plan, exact, null, deviation,
            seeds == 0 ? [] : [.. at.Select((probes, i) => AccuracyPoint.Of(probes, [.. runs.Select(run => run.Estimates[i].Trace)], deviation))],
            runs, "quadratic", false, null, 1.5, Model,
            JobDocument.Default with { Spec = plan.Spec(JobDocument.Default.Completed().Spec, 0) }, SampleReport.Run, Versions);
    }

    /// <summary>Three contenders, and one that could not run.</summary>
    public static CompareReport Compare() => new(
        FakeQuadraticForm.Trace, null,
        [
            Row("autodiff", "full", "parameter", 50, 100, 10), Row("hmp", "block", "parameter", 10, 1_000, 0.5),
            Row("quadratic", "block", "output", 20, 10_000, 0.0002),
            new CompareRow { Method = "hmp", Structure = "block", ProbeSpace = "parameter", VBatch = 20, Error = "No rule for this layer." },
        ],
        2, false, Model, JobDocument.Default, SampleReport.Run, Versions);

    private static CompareRow Row(string method, string structure, string space, int batch, double speed, double seconds) => new()
    {
        Method = method,
        Structure = structure,
        ProbeSpace = space,
        VBatch = batch,
        Trace = 12.1,
        StandardError = 0.2,
        ProbeSpread = 0.2 / 12.1 * Math.Sqrt(1000),
        ElapsedSeconds = 1000 / speed,
        ProbesPerSecond = speed,
        SpeedUp = speed / 100,
        ProbesToTarget = seconds * speed,
        SecondsToTarget = seconds,
    };
}
