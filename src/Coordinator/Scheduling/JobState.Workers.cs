using System.Globalization;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;

namespace ActorHutch.Coordinator.Scheduling;

/// <content>Workers come, prepare, and go.</content>
internal sealed partial record JobState
{
    private JobState OnWorkerRegistered(WorkerRegistered registered, List<Effect> effects)
    {
        // A worker that registers twice has forgotten what it was given.
        var state = Lose(registered.Worker, "it registered again", effects);
        return state.Welcome(registered, effects).AssignAll(effects);
    }

    private JobState Welcome(WorkerRegistered registered, List<Effect> effects)
    {
        var worker = Workers.GetValueOrDefault(registered.Worker) ?? new WorkerInJob(registered.Device, registered.Kind);
        return Prepare(registered.Worker, worker, effects);
    }

    private JobState Prepare(WorkerKey key, WorkerInJob worker, List<Effect> effects)
    {
        effects.Add(new Send(key, new PrepareReplica(Job, Spec, Policy.MemoryBudget)));
        return With(key, worker with { Phase = WorkerPhase.Preparing, Reason = null, Silence = 0, Misfits = 0 });
    }

    private JobState OnReplicaReady(WorkerKey key, ReplicaReady ready, List<Effect> effects)
    {
        if (!Workers.TryGetValue(key, out var worker) || !worker.Present) return Stale();
        if (Replica is not null && !Replica.Agrees(ready))
        {
            return With(key, worker with
            {
                Phase = WorkerPhase.Failed,
                Reason = Recovered > 0
                    ? "its replica is not the one that the state directory's chunks were computed with"
                    : "its replica is not the one the other workers have",
            });
        }

        var state = With(key, worker with
        {
            Phase = WorkerPhase.Ready,
            WarmUpSeconds = worker.WarmUpSeconds + ready.WarmUpSeconds,
            TransferSeconds = worker.TransferSeconds + ready.TransferSeconds,
        });
        if (Replica is null)
        {
            long probes = Spec.Kind == JobKind.Exact ? ready.BasisCount : Spec.Probes;
            state = state with { Replica = ready, Probes = probes };
            if (Spec.Kind == JobKind.Exact && probes > Policy.LaneLimit)
                return state.End(TooManyLanes(probes, Policy.LaneLimit.Value), effects);
            state = state.QueueComparison(ready.Columns);
        }

        return state.BeginIfReady(effects);
    }

    private static JobOutcome TooManyLanes(long lanes, long limit) => new(
        JobEnd.TooManyLanes,
        string.Create(CultureInfo.InvariantCulture, $"it takes {lanes:N0} basis vectors, more than {limit:N0}"));

    private JobState BeginIfReady(List<Effect> effects)
    {
        if (Phase == JobPhase.Running) return this;
        if (ReadyWorkers < Policy.MinWorkers) return this;

        effects.Add(new Begin());
        return (this with { Phase = JobPhase.Running }).AssignAll(effects);
    }

    private JobState OnReplicaFailed(WorkerKey key, ReplicaFailed failed, List<Effect> effects)
    {
        if (!failed.Retriable) return End(new JobOutcome(JobEnd.Refused, failed.What), effects);
        if (!Workers.TryGetValue(key, out var worker) || !worker.Present) return Stale();

        return Lose(key, failed.What, effects)
            .With(key, worker with { Phase = WorkerPhase.Failed, Reason = failed.What, Credit = 0, Chunks = [] })
            .AssignAll(effects);
    }

    private JobState OnWorkerWaitOver(List<Effect> effects)
    {
        if (!WaitsForWorkers) return this;

        var missing = Workers
            .Where(entry => entry.Value is { Present: false, Reason: not null })
            .Select(entry => $"\n  {entry.Key}: {entry.Value.Reason}");
        string present = string.Join(", ", Workers.Where(entry => entry.Value.Present).Select(entry => entry.Key));
        string message = string.Create(CultureInfo.InvariantCulture,
            $"{WorkersNeeded} {(WorkersNeeded == 1 ? "worker is" : "workers are")} needed, and after waiting "
            + $"{Policy.WorkerWait.TotalSeconds:0.#} s there {(PresentWorkers == 1 ? "is" : "are")} {PresentWorkers}{(present.Length > 0 ? ": " : "")}{present}.");
        return End(new JobOutcome(JobEnd.Failed, message + string.Concat(missing)), effects);
    }

    private int WorkersNeeded => Phase == JobPhase.Preparing ? Policy.MinWorkers : 1;

    private JobState WaitIfNeeded(List<Effect> effects)
    {
        bool needed = Phase != JobPhase.Finished && PresentWorkers < WorkersNeeded;
        if (needed == WaitsForWorkers) return this;

        effects.Add(needed ? new StartWorkerWait(Policy.WorkerWait) : new StopWorkerWait());
        return this with { WaitsForWorkers = needed };
    }

    private JobState With(WorkerKey key, WorkerInJob worker)
    {
        var before = Workers.GetValueOrDefault(key);
        return this with
        {
            Workers = Workers.SetItem(key, worker),
            PresentWorkers = PresentWorkers + One(worker.Present) - One(before is { Present: true }),
            ReadyWorkers = ReadyWorkers + One(worker.IsReady) - One(before is { IsReady: true }),
        };
    }

    private static int One(bool condition) => condition ? 1 : 0;
}
