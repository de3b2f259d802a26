using ActorHutch.Coordinator.Journal;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
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
                if (_addresses.TryGetValue(send.Worker, out var address)) address.Tell(send.Message);
                break;
            case Begin:
                job.FirstChunk = _time.GetTimestamp();
                if (job.Results is null) job.Ahead?.Write(new ReplicaAgreed(job.State.Replica!));
                job.Results ??= NewResults(job);
                LogBegin(job.State);
                job.Client.Tell(new JobStarted(job.State));
                break;
            case Accept accept:
                job.Results!.Accept(accept.Chunk, accept.Worker, accept.Values);
                if (job.Results.TargetReached) Apply(new TargetReached());
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
            case Finish finish:
                OnFinish(job, finish.Outcome);
                break;
            default:
                throw new InvalidOperationException($"No way to perform {effect.GetType().Name}.");
        }
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
        var accumulator = job.Results?.Accumulator;
        // The last chunk of all may be the one that satisfied the stopping rule.
        if (outcome.End == JobEnd.Completed && job.Results is { TargetReached: true })
            outcome = new JobOutcome(JobEnd.TargetReached);
        bool exact = job.State.Spec.Kind == JobKind.Exact;
        if (accumulator is { Count: > 0 } && !double.IsFinite(exact ? accumulator.Sum().Trace : accumulator.Estimate().Trace))
            outcome = new JobOutcome(JobEnd.Failed, "The probes' values, each of them finite, add up to more than a number can hold.");

        _log.Info("Job {Job} ended: {End}", job.State.Job, outcome.End);
        Deliver(job, new JobResult(
            job.State with { Outcome = outcome },
            !exact && accumulator is { Count: > 0 } ? accumulator.Estimate(job.State.Spec.ConfidenceLevel) : null,
            exact && outcome.End == JobEnd.Completed ? accumulator!.Sum() : null,
            job.Earlier?.Ended?.Setup ?? _time.GetElapsedTime(job.Start, firstChunk),
            job.Earlier?.Ended?.Elapsed ?? Elapsed(job, now))
        {
            Record = job is { Timeline: { } timeline, Results.Values: { } values }
                ? new JobRecord(job.State.Replica!.Blocks, values, timeline.At(SecondsSoFar(job)))
                : null,
            History = job.Results?.History,
        });
    }

    private static ChunkResults NewResults(RunningJob job) =>
        new(job.State.Spec, job.State.Replica!.Blocks, job.State.Policy.KeepsRecord);

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
        if (job.Logged.Reached(progress.Elapsed))
            _log.Info(
                "Job {Job}: {Done} of {Probes} probes done, {Workers} workers", state.Job, progress.Probes, state.Probes,
                state.ReadyWorkers);
        job.Client.Tell(progress);
    }

    /// <summary>How far the job is; null where no chunk is out yet.</summary>
    private JobProgress? Progress()
    {
        if (_job is not { Results: { } results, FirstChunk: not null } job) return null;
        var (spec, state) = (job.State.Spec, job.State);
        var estimate = spec.Kind == JobKind.Exact || results.Accumulator.Count == 0
            ? null
            : results.Accumulator.Estimate(spec.ConfidenceLevel);
        long probes = Math.Min(state.Done.Count * spec.ChunkSize, state.Probes);
        // With a target, V is a bound against runaways and says nothing about how far the job is.
        double needed = estimate is not null && spec.RelativeError is { } error
            ? StoppingRule.ProbesNeeded(estimate, error) : double.NaN;
        long total = needed < state.Probes ? Math.Max((long)needed, probes) : state.Probes;
        return new JobProgress(probes, total, Elapsed(job, _time.GetTimestamp()), estimate) { State = state };
    }
}
