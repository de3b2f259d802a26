using ActorHutch.Coordinator.Scheduling;

namespace ActorHutch.Coordinator.Dashboard;

/// <summary>What a worker is at, in a word. Those that somebody may have to do something about come first.</summary>
internal enum WorkerStateName
{
    Unreachable,
    Failed,
    Lost,
    Joining,
    Leaving,
    Computing,
    Ready,
    Left,
}

/// <summary>Workers as people look at them.</summary>
internal static class WorkerStates
{
    /// <summary>More are not listed one by one.</summary>
    public const int MaxRows = 50;

    /// <summary>What a worker is at.</summary>
    public static WorkerStateName Of(WorkerInJob worker) => worker.Phase switch
    {
        WorkerPhase.Preparing => WorkerStateName.Joining,
        _ when worker.Stalled => WorkerStateName.Failed,
        WorkerPhase.Ready when worker.Chunks.IsEmpty => WorkerStateName.Ready,
        WorkerPhase.Ready => WorkerStateName.Computing,
        WorkerPhase.Failed or WorkerPhase.Resting => WorkerStateName.Failed,
        WorkerPhase.Leaving => WorkerStateName.Leaving,
        _ when worker.Reason == WorkerInJob.Left => WorkerStateName.Left,
        _ when worker.Reason == WorkerInJob.Unreachable => WorkerStateName.Unreachable,
        _ => WorkerStateName.Lost,
    };

    private static string? StepOf(WorkerInJob worker) =>
        worker is { Phase: WorkerPhase.Preparing, Step.Length: > 0 } ? worker.Step : null;

    /// <summary>The workers of a job: in the order of their names, or where they are many, by what they are at.</summary>
    /// <param name="state">The job.</param>
    /// <param name="ended">Whether it is over, so that nobody computes any more.</param>
    public static WorkersView View(JobState state, bool ended)
    {
        double accepted = state.Workers.Values.Sum(state.ProbesOf) is var sum && sum > 0 ? sum : 1;
        WorkerStateName Now(WorkerInJob worker) =>
            Of(worker) is var name && ended && name == WorkerStateName.Computing ? WorkerStateName.Ready : name;
        var workers = state.Workers.AsEnumerable();
        if (state.Workers.Count > MaxRows)
        {
            // Whether one has a chunk at hand changes all the time, and rows must not dance.
            workers = workers.OrderBy(entry => entry.Value.IsReady ? WorkerStateName.Computing : Now(entry.Value));
        }

        return new WorkersView(
            [.. state.Workers.Values.CountBy(Now).OrderBy(entry => entry.Key).Select(entry => new StateView(entry.Key, entry.Value))],
            [.. workers.Take(MaxRows).Select(entry => new WorkerView(
                entry.Key.Id, entry.Value.Device, Now(entry.Value), entry.Value.Problem ?? StepOf(entry.Value), entry.Value.ChunksDone,
                (long)Math.Round(state.ProbesOf(entry.Value)), state.ProbesOf(entry.Value) / entry.Value.ComputeSeconds,
                state.ProbesOf(entry.Value) / accepted))],
            Math.Max(0, state.Workers.Count - MaxRows));
    }
}
