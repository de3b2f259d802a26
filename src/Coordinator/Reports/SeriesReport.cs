using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Statistics;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Reports;

/// <summary>The trace along training, as <c>--json</c> writes it.</summary>
/// <param name="Rows">One for each checkpoint, in their order.</param>
/// <param name="Planned">How many checkpoints there are; fewer rows where the user stopped it.</param>
/// <param name="Method">How quadratic forms were computed; null where no job came so far as to know.</param>
/// <param name="Interrupted">Whether the user stopped it.</param>
/// <param name="ElapsedSeconds">All jobs together, without set-up.</param>
/// <param name="SetupSeconds">Replicas and warm-up of all jobs together.</param>
/// <param name="Model">What model, of the first checkpoint.</param>
/// <param name="Job">What the jobs have in common.</param>
/// <param name="Run">When and where.</param>
/// <param name="Versions">Which software.</param>
internal sealed record SeriesReport(
    IReadOnlyList<SeriesRow> Rows, int Planned, string? Method, bool Interrupted, double ElapsedSeconds, double SetupSeconds, ReplicaDescription? Model,
    JobDocument Job, RunReport Run, VersionReport Versions)
{
    /// <summary>The report's file.</summary>
    public const string Json = "series.json";

    /// <summary>Which report it is.</summary>
    public string Kind { get; } = "series";

    /// <summary>Makes the report.</summary>
    /// <param name="results">What each checkpoint's job came to, with its record.</param>
    /// <param name="planned">How many checkpoints there are.</param>
    /// <param name="job">What was asked for.</param>
    /// <param name="interrupted">Whether the user stopped it.</param>
    /// <param name="run">When and where.</param>
    public static SeriesReport Of(
        IReadOnlyList<(InputFile Checkpoint, JobResult Result)> results, int planned, JobDocument job, bool interrupted, RunReport run)
    {
        var rows = new List<SeriesRow>();
        JobResult? before = null;
        foreach (var (checkpoint, result) in results)
        {
            // One that the user stopped says nothing of the others.
            if (result.Outcome.End == JobEnd.Interrupted) continue;
            rows.Add(SeriesRow.Of(checkpoint, result, before));
            if (result.Succeeded) before = result;
        }

        var replica = results.Select(result => result.Result.State.Replica).FirstOrDefault(replica => replica is not null);
        return new SeriesReport(
            rows, planned, replica?.Method.Word(), interrupted, results.Sum(result => result.Result.Elapsed.TotalSeconds),
            results.Sum(result => result.Result.Setup.TotalSeconds), replica?.Model,
            job with { Spec = job.Spec with { ProbeSpace = replica?.ProbeSpace ?? job.Spec.ProbeSpace }, ProbesGiven = true, SpaceGiven = true, StructureGiven = true },
            run, VersionReport.Current);
    }

    /// <summary>What the rows lie at: the steps in their names where all have one and they rise, else their numbers from 1.</summary>
    public (IReadOnlyList<double> At, bool AreSteps) Axis()
    {
        long[] steps = [.. Rows.Select(row => row.Step).OfType<long>()];
        return steps.Length == Rows.Count && steps.Zip(steps.Skip(1), (one, next) => one < next).All(rises => rises)
            ? ([.. steps.Select(step => (double)step)], true)
            : ([.. Enumerable.Range(1, Rows.Count).Select(i => (double)i)], false);
    }
}

/// <summary>A checkpoint.</summary>
internal sealed record SeriesRow
{
    /// <summary>The file.</summary>
    public required string File { get; init; }

    /// <summary>What is in it.</summary>
    public required string Sha256 { get; init; }

    /// <summary>The last number in its name; null where there is none.</summary>
    public required long? Step { get; init; }

    /// <summary>The estimate, or the exact trace; null where the job failed.</summary>
    public required double? Trace { get; init; }

    /// <summary>0 for an exact trace; null where it is not known.</summary>
    public required double? StandardError { get; init; }

    /// <summary>Null for an exact trace.</summary>
    public required ConfidenceReport? Confidence { get; init; }

    /// <summary>Probes, basis vectors or shards that it rests on.</summary>
    public required long Probes { get; init; }

    /// <summary>How it differs from the row before that has a trace; null for the first.</summary>
    public required SeriesChange? Change { get; init; }

    public required IReadOnlyList<BlockReport> Blocks { get; init; }

    /// <summary>Why the job failed; null where it did not.</summary>
    public required string? Error { get; init; }

    public required double ElapsedSeconds { get; init; }

    /// <summary>A row.</summary>
    /// <param name="checkpoint">The weights.</param>
    /// <param name="result">What their job came to.</param>
    /// <param name="before">The job before, which had a result; null where there was none.</param>
    public static SeriesRow Of(InputFile checkpoint, JobResult result, JobResult? before)
    {
        var estimate = result.Succeeded ? result.Estimate : null;
        return new SeriesRow
        {
            File = checkpoint.Path!,
            Sha256 = checkpoint.Id.ToString()!,
            Step = Checkpoints.StepOf(checkpoint.Path!),
            Trace = estimate?.Trace,
            StandardError = estimate?.StandardError,
            Confidence = estimate is { IsExact: false, Confidence: var interval } ? new ConfidenceReport(interval.Level, interval.Low, interval.High) : null,
            Probes = result.Probes,
            Change = estimate is null || before is null ? null : SeriesChange.Between(before, result),
            Blocks = result.Succeeded ? BlockReport.Of(result, exact: null) : [],
            Error = result.Succeeded ? null : result.Outcome.Message,
            ElapsedSeconds = result.Elapsed.TotalSeconds,
        };
    }
}

/// <summary>How a checkpoint's trace differs from that of the one before.</summary>
/// <param name="Value">The difference of the traces.</param>
/// <param name="StandardError">
/// Of that difference, from the differences probe by probe, since both have the same probes: s/√V, so that what the probes have in common does not
/// count; 0 between exact traces; null where fewer than eight probes are common to both.
/// </param>
internal sealed record SeriesChange(double Value, double? StandardError)
{
    /// <summary>Fewer probes tell too little of their spread.</summary>
    private const int LeastProbes = 8;

    /// <summary>The difference between two jobs that differ in their weights alone.</summary>
    public static SeriesChange Between(JobResult before, JobResult after)
    {
        double value = after.Estimate!.Trace - before.Estimate!.Trace;
        if (after.Estimate.IsExact) return new SeriesChange(value, 0);
        // Shards of a sample have weights of their own.
        if (after.Spec.Estimator.TakesPart) return new SeriesChange(value, null);
        var differences = Totals(before).Zip(Totals(after), (first, second) => second - first).Aggregate(default(Moments), (sum, value) => sum.Add(value));
        // Where the numbers of probes differ, so do their means.
        bool isPaired = differences.Count >= LeastProbes && before.Probes == after.Probes;
        return new SeriesChange(value, isPaired ? differences.StandardError : null);
    }

    private static IEnumerable<double> Totals(JobResult result) =>
        from values in result.Record?.Values ?? []
        from row in Enumerable.Range(0, values.Count)
        select values.Total(row);
}
