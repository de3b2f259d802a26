using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Messages;

namespace ActorHutch.Coordinator.Scheduling;

/// <content>
/// Messages are lost where connections break, and nobody is told. What workers say they are at, every few seconds, is
/// held against what is known of them; an attempt is a lease that the worker's progress renews.
/// </content>
internal sealed partial record JobState
{
    /// <summary>
    /// So many statuses in a row must differ from what is known: what crossed the first on its way has arrived by then.
    /// </summary>
    private const int Patience = 2;

    private JobState OnWorkerReported(WorkerReported reported, List<Effect> effects)
    {
        var (key, status) = (reported.Worker, reported.Status);
        if (!Workers.TryGetValue(key, out var worker)) return this;
        bool progressed = status.Progress != worker.Progress;
        var state = With(key, worker with { Silence = 0, Step = status.Step, Progress = status.Progress });
        if (progressed) state = state.Progressed(key);
        worker = state.Workers[key];
        if (status.Leaves) return state.SeeOff(key, status, effects).AssignAll(effects);

        return worker.Phase switch
        {
            WorkerPhase.Failed or WorkerPhase.Resting or WorkerPhase.Leaving => state,
            WorkerPhase.Lost => state.Forgive(key).PrepareAgain(key, effects),
            WorkerPhase.Ready when status.Job == Job && status.HasReplica => state.Renew(key, status, effects),
            WorkerPhase.Preparing when status.Job == Job && !status.HasReplica => state.Fitting(key),
            _ => state.Misfit(key, effects),
        };
    }

    private JobState Fitting(WorkerKey key) => With(key, Workers[key] with { Misfits = 0 });

    /// <summary>A message was on its way, or was lost: then the worker starts over.</summary>
    private JobState Misfit(WorkerKey key, List<Effect> effects)
    {
        int misfits = Workers[key].Misfits + 1;
        if (misfits < Patience) return With(key, Workers[key] with { Misfits = misfits });

        var state = Lose(key, "messages were lost", effects, crashed: false);
        return state.PrepareAgain(key, effects).AssignAll(effects);
    }

    private JobState PrepareAgain(WorkerKey key, List<Effect> effects) => Prepare(key, Workers[key], effects);

    /// <summary>Chunks that the worker names are kept for it; those it does not name, twice, were lost on the way.</summary>
    private JobState Renew(WorkerKey key, WorkerStatus status, List<Effect> effects)
    {
        var state = Fitting(key);
        var worker = state.Workers[key];
        var unnamed = worker.Chunks.Except(status.Chunks.Select(held => held.Chunk));
        var lost = unnamed.Intersect(worker.Unnamed);
        foreach (long chunk in lost) state = state.TakeBack(key, chunk, effects);
        if (state.Phase == JobPhase.Finished) return state;

        worker = state.Workers[key];
        int credit = Math.Clamp(status.Capacity - worker.Chunks.Count, 0, MaxCredit);
        return state.With(key, worker with { Unnamed = unnamed.Except(lost), Credit = credit }).AssignAll(effects);
    }

    /// <summary>A worker goes: it names what it finishes first, and hands back the rest.</summary>
    private JobState SeeOff(WorkerKey key, WorkerStatus status, List<Effect> effects)
    {
        var state = this;
        foreach (long chunk in Workers[key].Chunks.Except(status.Chunks.Select(held => held.Chunk)))
            state = state.TakeBack(key, chunk, effects);

        var worker = state.Workers[key];
        return worker.Phase == WorkerPhase.Lost
            ? state
            : state.With(key, worker with { Phase = WorkerPhase.Leaving, Reason = WorkerInJob.Left, Credit = 0 });
    }

    private JobState TakeBack(WorkerKey key, long chunk, List<Effect> effects)
    {
        var worker = Workers[key];
        return With(key, worker with { Chunks = worker.Chunks.Remove(chunk) })
            .WithoutAttempts(chunk, attempt => attempt.Worker == key)
            .QueueAgain(chunk, effects);
    }

    /// <summary>
    /// A worker that still says what it is at may have stopped to get on with it. So many intervals, and so many times
    /// what a chunk takes it, or where it has computed none the slowest of the others: what it was given goes to others
    /// too. The first result counts, so being wrong about that costs little.
    /// </summary>
    private const int SlowIntervals = 15;

    /// <inheritdoc cref="SlowIntervals"/>
    private const int SlowChunks = 10;

    /// <summary>
    /// Where nobody else is there, being wrong would cost the job, and nobody knows how long a replica takes.
    /// </summary>
    private const int TimesMorePatience = 10;

    /// <summary>Something was heard of a worker that it could not say without getting on.</summary>
    private JobState Progressed(WorkerKey key) => With(key, Workers[key] with { Idle = 0, Stalled = false });

    private JobState OnIntervalPassed(List<Effect> effects)
    {
        var state = this;
        foreach (var key in Workers.Keys)
        {
            state = state.Wait(key, effects);
            if (state.Phase == JobPhase.Finished) return state;
        }

        return state.AssignAll(effects);
    }

    private JobState Wait(WorkerKey key, List<Effect> effects)
    {
        var worker = Workers[key];
        if (worker.Phase is WorkerPhase.Lost or WorkerPhase.Failed) return this;
        if (worker.Silence >= Policy.MaxSilence) return Lose(key, "no message was received from it", effects, crashed: true);

        worker = worker with
        {
            Silence = worker.Silence + 1,
            Idle = worker.IsBusy ? worker.Idle + 1 : 0,
            Pause = Math.Max(0, worker.Pause - 1),
        };
        var state = With(key, worker);
        if (worker is { Phase: WorkerPhase.Resting, Pause: 0 }) return state.PrepareAgain(key, effects);
        return worker.Stalled || !state.IsSlow(worker) ? state : state.Stall(key, effects);
    }

    /// <summary>
    /// How long a replica may take without progress. Nobody knows: a worker may have to hash files that others have hashed.
    /// Where the job begins with fewer workers, being wrong costs little, and what it took others tells enough.
    /// </summary>
    private double SlowPreparing
    {
        get
        {
            var seconds = Workers.Values.Where(worker => worker.IsReady).Select(worker => worker.WarmUpSeconds + worker.TransferSeconds).ToList();
            return seconds.Count == 0 || !Policy.BeginsWithFewer
                ? TimesMorePatience * SlowIntervals
                : SlowIntervals + SlowChunks * seconds.Max() / ActorHutchSystem.StatusInterval.TotalSeconds;
        }
    }

    private bool IsSlow(WorkerInJob worker)
    {
        if (worker.Phase == WorkerPhase.Preparing) return worker.Idle > SlowPreparing;
        var paces = worker.Pace.Chunks > 0 ? [worker.Pace] : Workers.Values.Select(other => other.Pace).Where(pace => pace.Chunks > 0).ToList();
        if (!worker.IsBusy || paces.Count == 0) return false;
        double slow = SlowIntervals + SlowChunks * paces.Max(pace => (double)pace.Intervals / pace.Chunks);
        return worker.Idle > slow * (PresentWorkers > 1 ? 1 : TimesMorePatience);
    }

    /// <summary>A worker makes no progress: its leases are over.</summary>
    private JobState Stall(WorkerKey key, List<Effect> effects)
    {
        effects.Add(new Warn(key, "makes no progress; its chunks are given to other workers"));
        var state = this;
        foreach (long chunk in Workers[key].Chunks) state = state.TakeBack(key, chunk, effects);
        return state.With(key, state.Workers[key] with { Stalled = true, Credit = 0 });
    }
}
