using ActorHutch.Coordinator.Journal;
using ActorHutch.Coordinator.Reports;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Risks;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Messages;
using ActorHutch.Shared.Options;
using Akka.Actor;
using Akka.Event;

namespace ActorHutch.Coordinator.Actors;

/// <content>What the job's state wants done.</content>
internal sealed partial class CoordinatorActor
{
    private void Perform(IReadOnlyList<Effect> effects)
    {
        var job = _job!;
        foreach (var effect in effects)
        {
            if (!HoldsBack(effect, job)) Perform(effect, job);
        }
    }

    private void Perform(Effect effect, RunningJob job)
    {
        switch (effect)
        {
            case Send send:
                if (send.Message is RunChunk run) job.Timeline?.Issued(send.Worker, run, SecondsSoFar(job));
                // A worker that is gone gets nothing; that it is gone is an event of its own.
                if (_addresses.TryGetValue(send.Worker, out var address)) address.Tell(WithVectors(send.Message, address, job));
                break;
            case Begin:
                job.FirstChunk = _time.GetTimestamp();
                if (job.Results is null) job.Ahead?.Write(new ReplicaAgreed(job.State.Replica!));
                job.Results ??= NewResults(job.State, job.State.AwaitsComparison);
                LogBegin(job.State);
                job.Client.Tell(new JobStarted(job.State));
                if (job.Ahead is not null && TooMuchToKeep(job.State) is { } much) Apply(new InputAtFault(much));
                break;
            case Accept accept:
                job.Results!.Accept(accept.Chunk, accept.Worker, accept.Values, accept.ComputeSeconds);
                if (!JobState.IsComparison(accept.Chunk)) job.Accepted++;
                LookAtResults();
                break;
            case Forgo forgo:
                _log.Warning("Job {Job}: the rounding error of single precision is not known: {Reason}", job.State.Job, forgo.Why);
                job.Results?.ForgoComparison();
                LookAtResults();
                break;
            case Compare compare:
                // At once, so that it is in the report where the job ends with this result.
                OnCompared(job.Results!.Compare(compare.Chunk, compare.Worker, compare.Values));
                break;
            case Warn warn:
                _log.Warning("Worker {Worker}: {What}", warn.Worker.Id, warn.What);
                break;
            case StartWorkerWait wait:
                Timers.StartSingleTimer(nameof(WorkerWaitOver), new WorkerWaitOver(), wait.Time);
                break;
            case StopWorkerWait:
                Timers.Cancel(nameof(WorkerWaitOver));
                break;
            case Finish when job.Ending is not null:
                // What it had accepted could not be merged, and it has ended with that.
                break;
            case Finish finish when job.Results is { IsBehind: true }:
                job.Ending = finish.Outcome;
                break;
            case Finish finish:
                OnFinish(job, finish.Outcome);
                break;
            default:
                throw new InvalidOperationException($"No way to perform {effect.GetType().Name}.");
        }
    }

    /// <summary>Merges what takes long off this actor's thread, and ends the job where what is merged says so.</summary>
    private void LookAtResults()
    {
        if (_job is not { } job) return;
        if (job.Results?.Merging() is { } merging)
        {
            Context.System.Dispatchers.DefaultGlobalDispatcher.RunAsync(merging).PipeTo(
                Self,
                success: publish => new ResultsMerged(job, publish),
                failure: error => new ResultsMerged(job, () => OnMergingFailed(job, error)));
        }

        if (job.State.Phase == JobPhase.Finished) return;
        if (job.Results is { NothingCounts: true }) Apply(new InputAtFault(ApiWords.ToOptions(EmpiricalRisk.NothingCounts().Message)));
        else if (job.Results is { TargetReached: true }) Apply(new TargetReached());
        else if (job.Results is { Turn: { } turn } && turn >= job.State.Released) Apply(new TurnTaken(turn + 1));
        else if (Lacking(job) is { } what) Apply(new PrecisionLacking(what));
    }

    private void OnResultsMerged(ResultsMerged merged)
    {
        if (_job != merged.Job) return;
        merged.Publish();
        LookAtResults();
        if (_job is { Ending: { } outcome, Results.IsBehind: false } job) OnFinish(job, outcome);
    }

    private void OnMergingFailed(RunningJob job, Exception error)
    {
        _log.Error(error, "Job {Job}: what was accepted cannot be merged", job.State.Job);
        job.Results!.GiveUp();
        var failed = new MergingFailed(error.Message);
        if (job.State.Phase == JobPhase.Finished) job.Ending = failed.Outcome;
        else Apply(failed);
    }

    /// <summary>Why single precision is not enough; null where it is, as far as is known.</summary>
    private static string? Lacking(RunningJob job)
    {
        var (spec, policy) = (job.State.Spec, job.State.Policy);
        if (job.Results is not { Rounding: { } rounding } results) return null;
        bool isKnown = results.TargetOutOfReach || (policy.PicksPrecision && PrecisionRule.IsRelevant(spec, rounding));
        if (!isKnown) return null;
        return PrecisionRule.Message(spec, rounding, results.Estimate()?.Trace ?? rounding.Sample.Mean);
    }

    private void OnCompared(DuplicateCompared compared)
    {
        int before = _job!.State.Counts.Disagreements.Length;
        Apply(compared);
        if (_job.State.Counts.Disagreements.Length == before) return;
        _log.Error("Workers {First} and {Second} disagree about chunk {Chunk} of job {Job}",
            compared.First.Id, compared.Second.Id, compared.Chunk, _job.State.Job);
    }

    private void OnFinish(RunningJob job, JobOutcome outcome)
    {
        Timers.Cancel(nameof(ProgressDue));
        Timers.Cancel(nameof(IntervalPassed));
        long now = _time.GetTimestamp();
        long firstChunk = job.FirstChunk ?? now;
        // A job that is interrupted waits for nothing more.
        job.Results?.ForgoComparison();
        // The last chunk of all may be the one that satisfied the stopping rule.
        if (outcome.End == JobEnd.Completed && job.Results is { TargetReached: true })
            outcome = new JobOutcome(JobEnd.TargetReached);
        else if (outcome.End == JobEnd.Completed && Lacking(job) is { } what)
            outcome = new JobOutcome(JobEnd.Imprecise, what);
        var estimate = job.Results?.Estimate(isComplete: outcome.End == JobEnd.Completed);
        if (estimate is { Trace: var trace } && !double.IsFinite(trace))
            outcome = new JobOutcome(JobEnd.Failed, "The sum of the probes' values overflows, although each value is finite.");

        _log.Info("Job {Job} ended: {End}", job.State.Job, outcome.End);
        Deliver(job, new JobResult(
            job.State with { Outcome = outcome },
            estimate is { IsExact: true } && outcome.End is not (JobEnd.Completed or JobEnd.TargetReached) ? null : estimate,
            job.Earlier?.Ended?.Setup ?? _time.GetElapsedTime(job.Start, firstChunk),
            job.Earlier?.Ended?.Elapsed ?? Elapsed(job, now))
        {
            Record = job is { Timeline: { } timeline, Results.Values: { } values }
                ? new JobRecord(job.State.Replica!.Blocks, values, job.Results.History, timeline.At(SecondsSoFar(job)))
                : null,
            Earlier = job.Earlier?.Ended is { } ended ? ended.Setup + ended.Elapsed : job.Earlier?.Elapsed ?? TimeSpan.Zero,
            History = job.Results?.History,
            RoundingSeconds = job.Results?.RoundingSeconds ?? 0,
        });
    }

    /// <param name="state">The job.</param>
    /// <param name="awaitsComparison">Whether its probes in both precisions are to come, from a worker or from a journal.</param>
    private static ChunkResults NewResults(JobState state, bool awaitsComparison) =>
        new(state.Spec, state.Replica!.Blocks, state.Policy.KeepsRecord, awaitsComparison, state.Grid, state.Replica.Sums, state.Replica.Shapes);

    private double SecondsSoFar(RunningJob job) => Elapsed(job, _time.GetTimestamp()).TotalSeconds;

    private void TellProgress()
    {
        if (_job is not { } job) return;
        if (Progress() is not { } progress)
        {
            job.Client.Tell(new JobPreparing(job.State));
            return;
        }

        var state = job.State;
        if (progress.Probes > 0 && job.Logged.Reached(progress.Elapsed))
            _log.Info(
                "Job {Job}: {Done} of {Probes} {Unit}s done, {Workers} workers", state.Job, progress.Probes, state.Units, state.Spec.Estimator.Unit,
                state.ReadyWorkers);
        job.Client.Tell(progress);
    }

    /// <summary>How far the job is; null where no chunk is out yet.</summary>
    private JobProgress? Progress()
    {
        if (_job is not { Results: { } results, FirstChunk: not null } job) return null;
        var (spec, state) = (job.State.Spec, job.State);
        var estimate = results.Estimate();
        var found = estimate?.Eigenvalues;
        if (!spec.Estimator.TellsTrace) estimate = null;
        // What a journal has yet to write does not count.
        long probes = state.UnitsOf(state.Recovered + job.Accepted);
        // With a target, V is a bound against runaways and says nothing about how far the job is.
        double needed = estimate is not null && spec.Target is { } error
            ? StoppingRule.ProbesNeeded(estimate, error) : double.NaN;
        long total = needed < state.Units ? Math.Max((long)needed, probes) : state.Units;
        return new JobProgress(probes, total, Elapsed(job, _time.GetTimestamp()), estimate) { State = state, Eigenvalues = found };
    }

    /// <summary>Results were merged on another thread.</summary>
    /// <param name="Job">Whose.</param>
    /// <param name="Publish">Has the job know them.</param>
    private sealed record ResultsMerged(RunningJob Job, Action Publish);
}
