using ActorHutch.Shared.Messages;

namespace ActorHutch.Coordinator.Scheduling;

/// <content>
/// Messages are lost where connections break, and nobody is told. What workers say they are at, every few seconds, is
/// held against what is known of them; an attempt is a lease that each status renews.
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
        var state = With(key, worker with { Silence = 0, Step = status.Step });
        if (status.Leaves) return state.SeeOff(key, status, effects).AssignAll(effects);

        return worker.Phase switch
        {
            WorkerPhase.Failed or WorkerPhase.Leaving => state,
            WorkerPhase.Lost => state.Prepare(key, worker, effects),
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

        var state = Lose(key, "messages were lost", effects);
        return state.Phase == JobPhase.Finished
            ? state
            : state.Prepare(key, state.Workers[key], effects).AssignAll(effects);
    }

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

    private JobState OnSilenceDue(List<Effect> effects)
    {
        var state = this;
        foreach (var (key, worker) in Workers)
        {
            if (worker.Phase is WorkerPhase.Lost or WorkerPhase.Failed) continue;
            state = worker.Silence >= Policy.MaxSilence
                ? state.Lose(key, "nothing was heard of it", effects)
                : state.With(key, state.Workers[key] with { Silence = worker.Silence + 1 });
            if (state.Phase == JobPhase.Finished) return state;
        }

        return state.AssignAll(effects);
    }
}
