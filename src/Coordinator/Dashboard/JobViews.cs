using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Coordinator.Reports;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Eigenvalues;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Dashboard;

/// <summary>Makes views of jobs.</summary>
internal static class JobViews
{
    /// <summary>More blocks are not listed.</summary>
    public const int MaxBlocks = 200;

    /// <summary>A job as it is.</summary>
    /// <param name="run">The process.</param>
    /// <param name="job">What was asked for.</param>
    /// <param name="look">How it is.</param>
    /// <param name="result">What it came to; null while it runs.</param>
    /// <param name="report">The whole report; null until there is one.</param>
    /// <param name="end">How it ended; null while it has not.</param>
    /// <param name="news">What happened lately, the latest first.</param>
    public static JobView Of(
        Guid run, JobDocument job, JobLook look, JobResult? result, Report? report, EndView? end, IReadOnlyList<NewsItem> news)
    {
        var state = result?.State ?? look.State;
        var estimate = result is null ? look.Progress?.Estimate : result.Estimate;
        var blocks = estimate?.Blocks ?? [];
        return new JobView
        {
            Run = run,
            Phase = end is not null ? ViewPhase.Ended
                : result is not null ? ViewPhase.Finishing
                : state is null ? ViewPhase.Starting
                : state.Phase == JobPhase.Preparing ? ViewPhase.Preparing
                : ViewPhase.Running,
            Title = Title(job.Spec, state),
            IsExact = job.Spec.Estimator.IsExact,
            TellsTrace = job.Spec.Estimator.TellsTrace,
            Unit = job.Spec.Estimator.Unit,
            Eigenvalues = EigenvaluesOf(result is null ? look.Progress?.Eigenvalues : estimate?.Eigenvalues),
            Facts = [.. Facts(state?.Spec ?? job.Spec, state), .. Rounding(estimate)],
            Trace = job.Spec.Estimator.TellsTrace ? TraceOf(estimate) : null,
            ExactTrace = report?.ExactTrace,
            Progress = ProgressOf(job.Spec, look, result),
            Chunks = ChunksOf(state),
            Blocks = [.. blocks.Take(MaxBlocks).Select(block => new BlockView(block.Name, block.Trace, block.StandardError))],
            MoreBlocks = Math.Max(0, blocks.Count - MaxBlocks),
            Workers = state is null ? new WorkersView([], [], 0) : WorkerStates.View(state, ended: result is not null),
            News = news,
            End = end,
        };
    }

    /// <summary>How a job ended, in words.</summary>
    public static EndView EndOf(Report report) => new(report.StopReason, StopText.Sentence(report));

    private static TraceView? TraceOf(TraceEstimate? estimate) => estimate switch
    {
        null => null,
        { IsExact: true } => new TraceView(estimate.Trace, 0, null, null, null, estimate.Probes),
        { Confidence: var interval } => new TraceView(
            estimate.Trace, estimate.StandardError, interval.Level, interval.Low, interval.High, estimate.Probes),
    };

    private static EigenvaluesView? EigenvaluesOf(EigenvalueEstimate? found) =>
        found is null ? null : new EigenvaluesView(found.Values, found.Tolerance, found.IsMeasured);

    private static ProgressView? ProgressOf(JobSpec spec, JobLook look, JobResult? result)
    {
        if (result is not null)
        {
            double seconds = result.Elapsed.TotalSeconds;
            long asked = result.Succeeded ? result.Probes : result.State.Units;
            return new ProgressView(result.Probes, asked, false, seconds, null, result.ProbesPerSecond);
        }

        if (look.Progress is not { } progress) return null;
        double elapsed = progress.Elapsed.TotalSeconds;
        double left = elapsed * (progress.Total - progress.Probes) / progress.Probes;
        return new ProgressView(
            progress.Probes, progress.Total, spec.Target is not null || progress.IsOpenEnded, elapsed,
            !progress.IsOpenEnded && double.IsFinite(left) && left > 0 ? left : null, progress.Probes / elapsed);
    }

    private static ChunksView ChunksOf(JobState? state) => state is null
        ? new ChunksView(0, 0, 0, 0, 0, 0, 0, 0)
        : new ChunksView(
            state.Done.Count, state.Phase == JobPhase.Finished ? 0 : state.ChunkCount - state.Done.Count, state.InFlight.Count,
            state.Counts.Reissued, state.Counts.Copies, state.Counts.Failed, state.Counts.Duplicates,
            state.Counts.Disagreements.Length);

    private static string Title(JobSpec spec, JobState? state) =>
        $"The {spec.Estimator.Quantity} of the {Terms.Matrix(spec.Matrix)} of {state?.Replica?.Model.Name ?? spec.Risk.Model}";

    private static IEnumerable<FactView> Rounding(TraceEstimate? estimate)
    {
        if (estimate is not { Rounding: { } rounding }) yield break;
        string share = Figures.Significant(100 * rounding.Bound / Math.Abs(estimate.Trace), 2);
        yield return new FactView("Rounding", $"below {Figures.Significant(rounding.Bound, 2)}, {share} % of the trace, by {Figures.Count(rounding.Probes, "probe")} in float64");
    }

    private static IEnumerable<FactView> Facts(JobSpec spec, JobState? state)
    {
        if (state?.Replica is { } replica)
        {
            yield return new FactView("Model", $"{Figures.Count(replica.Model.Parameters, "parameter")}, "
                + $"{Figures.Count(replica.Model.Samples, "sample")}, {spec.Dtype.Word()}");
            if (replica.Model.Loss is { } loss) yield return new FactView("Loss", loss.ToString());
            yield return new FactView("Method", $"{replica.Method.Word()} ({replica.MethodReason})");
        }

        yield return new FactView("Matrix", Terms.Matrix(spec));
        string seed = spec.Estimator.IsExact ? "" : $", seed {spec.Seed}";
        yield return new FactView("Probes", $"{Terms.Probes(spec, count: 0)}{(spec.Estimator.TakesPart ? "" : $", {Figures.Whole(spec.ChunkSize)} in a chunk")}{seed}");
        if (spec.Target is { } error)
        {
            yield return new FactView("Stops at", $"a half-width of {Figures.Significant(error * 100, 3)} % of the trace, "
                + (spec.Estimator.TakesPart ? "or all shards" : $"or {Figures.Count(spec.Probes, "probe")}"));
        }
    }
}
