using ActorHutch.Coordinator.Journal;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Shared.Hosting;
using Akka.Actor;
using Akka.Event;

namespace ActorHutch.Coordinator.Actors;

/// <content>
/// With a journal, a result counts once it is on the disk. Workers are not kept waiting for that: what is sent to them
/// goes out at once.
/// </content>
internal sealed partial class CoordinatorActor
{
    private void ReceiveFromJournal()
    {
        Receive<JournalOpened>(Merge);
        Receive<JournalMerged>(OnJournalMerged);
        Receive<Written>(written => _job?.Ahead?.OnWritten(written.Count));
        Receive<JournalBroke>(OnJournalBroke);
        Receive<Terminated>(
            gone => gone.ActorRef.Equals(_opening?.Journal ?? _job?.Ahead?.Journal),
            _ => OnJournalBroke(new JournalBroke(_opening is not null, "it stopped; see the log for the reason")));
    }

    private void OpenJournal(StartJob start)
    {
        var journal = Context.Watch(Context.ActorOf(JobJournal.Props(start.Spec)));
        _opening = new OpeningJob(start, Sender, journal, _time.GetTimestamp());
    }

    /// <summary>Merges what earlier runs left, off this actor's thread: a million probes take a good while.</summary>
    private void Merge(JournalOpened opened)
    {
        if (_opening is not { } opening) return;
        var (self, start) = (Self, opening.Start);
        Context.System.Dispatchers.DefaultGlobalDispatcher.RunAsync(() => EarlierResults(start, opened)).PipeTo(
            self,
            success: results => new JournalMerged(opening, opened, results),
            failure: error => new JournalBroke(Reading: true, error.Message));
    }

    private void OnJournalMerged(JournalMerged merged)
    {
        if (_opening is not { } opening || opening != merged.Opening) return;
        _opening = null;
        BeginJob(opening.Start, opening.Client, opening.Since, new WriteAhead(opening.Journal), merged.Opened, merged.Results);
        if (opening.Interrupted) Apply(new InterruptRequested());
    }

    private void OnJournalBroke(JournalBroke broke)
    {
        _log.Error("The journal broke: {What}", broke.What);
        if (_opening is { } opening)
        {
            _opening = null;
            opening.Client.Tell(new Status.Failure(new StateDirectoryException(
                $"The state directory's journal cannot be read: {broke.What} Nothing in it was changed.")));
        }
        else if (_job is { Ahead: { } ahead } job)
        {
            job.Ahead = null;
            ahead.Abandon();
            var lost = new JournalLost(broke.What);
            if (job.State.Phase == JobPhase.Finished) OnFinish(job, lost.Outcome);
            else Apply(lost);
        }
    }

    /// <summary>What earlier runs left, merged; null where there is nothing, or it is not this job's.</summary>
    private static ChunkResults? EarlierResults(StartJob start, JournalOpened opened)
    {
        var state = JobState.Start(start.Job, start.Spec, start.Policy, [], opened.Job).State;
        if (opened.Job is not { Chunks.Count: > 0 } earlier || state.Outcome is not (null or { End: JobEnd.Completed })) return null;
        var results = NewResults(state, state is { ComparedProbes: > 0, NotCompared: null });
        foreach (var chunk in earlier.Chunks.DistinctBy(chunk => chunk.Chunk))
            results.Accept(chunk.Chunk, chunk.Worker, chunk.Values, chunk.ComputeSeconds);
        results.Merge();
        return results;
    }

    /// <summary>
    /// Whether chunks are missing that a job had when it ended: somebody took them out of the journal. They are computed
    /// again.
    /// </summary>
    private static bool LacksWhatItEndedWith(RunningJob job) =>
        job is { Earlier.Job.HasEnded: true, State.Phase: not JobPhase.Finished } && job.Results is not { TargetReached: true };

    /// <summary>
    /// Whether an effect is not for now: one on the result, which waits for what was accepted before it to be written.
    /// </summary>
    private bool HoldsBack(Effect effect, RunningJob job)
    {
        if (job.Ahead is not { } ahead || effect is not (Accept or Forgo or Compare or Finish)) return false;

        if (effect is Accept accept)
        {
            var worker = job.State.Workers[accept.Worker];
            var elapsed = Elapsed(job, _time.GetTimestamp());
            ahead.Write(new WriteChunk(
                new AcceptedChunk(
                    accept.Chunk, accept.Worker, worker.Device, worker.WarmUpSeconds, accept.ComputeSeconds,
                    accept.WaitSeconds, accept.Values)
                {
                    TransferSeconds = worker.TransferSeconds,
                    Kind = worker.Kind,
                    Bits = worker.Bits,
                    Attempt = accept.Attempt,
                    AcceptedAt = elapsed.TotalSeconds,
                },
                elapsed));
        }

        ahead.Afterwards(() =>
        {
            if (_job == job) Perform(effect, job);
        });
        return true;
    }

    /// <summary>Tells the client, once the journal has it that the job has its result.</summary>
    private void Deliver(RunningJob job, JobResult result)
    {
        if (job.Ahead is { } ahead && result.Succeeded && job.Earlier?.Ended is null)
            ahead.Write(new JobEnded(result.Setup, result.Elapsed, [.. result.State.Workers], result.State.Counts)
            {
                NotCompared = result.State.NotCompared,
            });
        if (job.Ahead is null) Tell();
        else job.Ahead.Afterwards(Tell);

        void Tell()
        {
            if (job.Ahead is not null) Context.Stop(Context.Unwatch(job.Ahead.Journal));
            job.End();
            job.Client.Tell(new JobFinished(result));
            _job = null;
        }
    }

    /// <summary>The job's time, over all runs, from the first chunk on.</summary>
    private TimeSpan Elapsed(RunningJob job, long now) =>
        (job.Earlier?.Elapsed ?? TimeSpan.Zero) + _time.GetElapsedTime(job.FirstChunk ?? now, now);

    private sealed record JournalMerged(OpeningJob Opening, JournalOpened Opened, ChunkResults? Results);

    private sealed class OpeningJob(StartJob start, IActorRef client, IActorRef journal, long since)
    {
        public StartJob Start => start;

        public IActorRef Client => client;

        public IActorRef Journal => journal;

        public long Since => since;

        public bool Interrupted { get; private set; }

        public void Interrupt(Guid job) => Interrupted |= job == start.Job;
    }
}
