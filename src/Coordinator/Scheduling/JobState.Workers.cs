using System.Globalization;
using ActorHutch.Shared.Messages;

namespace ActorHutch.Coordinator.Scheduling;

/// <content>Workers come, prepare, and go.</content>
internal sealed partial record JobState
{
    private JobState OnWorkerRegistered(WorkerRegistered registered, List<Effect> effects)
    {
        // A worker that registers twice has forgotten what it was given.
        var state = Lose(registered.Worker, "it registered again", effects, crashed: false);
        return state.Welcome(registered, effects).AssignAll(effects);
    }

    private JobState Welcome(WorkerRegistered registered, List<Effect> effects)
    {
        var (key, state) = (registered.Worker, this);
        var worker = Workers.GetValueOrDefault(key) ?? new WorkerInJob(registered.Device, registered.Kind);
        foreach (var (former, life) in Workers.Where(entry => entry.Key.Id == key.Id && entry.Key != key && entry.Value.Phase == WorkerPhase.Lost))
        {
            worker = worker.Succeeding(life);
            // Of a worker that crashes again and again, lives that came to nothing are not listed one by one.
            state = state.With(former, life.Succeeded());
            if (life.ChunksDone == 0) state = state with { Workers = state.Workers.Remove(former) };
        }

        if (worker.Pause == 0) return state.Prepare(key, worker, effects);
        effects.Add(new Warn(key, $"set aside for a while, since it is lost again and again: {worker.LastFailure}"));
        return state.Rest(key, worker);
    }

    private JobState Prepare(WorkerKey key, WorkerInJob worker, List<Effect> effects)
    {
        effects.Add(new Send(key, new PrepareReplica(Job, Spec, Policy.MemoryBudget)));
        return With(key, worker with
        {
            Phase = WorkerPhase.Preparing,
            Reason = null,
            Silence = 0,
            Misfits = 0,
            Idle = 0,
            Stalled = false,
        });
    }

    /// <summary>Sets a worker aside until its pause is over.</summary>
    private JobState Rest(WorkerKey key, WorkerInJob worker) =>
        With(key, worker with { Phase = WorkerPhase.Resting, Reason = worker.LastFailure });

    private JobState OnReplicaReady(WorkerKey key, ReplicaReady ready, List<Effect> effects)
    {
        if (!Workers.TryGetValue(key, out var worker) || !worker.TakesPart) return Stale();

        WarnOfMix(key, worker.Kind, ready, effects);
        var state = With(key, worker with
        {
            Phase = WorkerPhase.Ready,
            Replica = ready,
            Bits = ready.Bits,
            Idle = 0,
            Stalled = false,
            WarmUpSeconds = worker.WarmUpSeconds + ready.WarmUpSeconds,
            TransferSeconds = worker.TransferSeconds + ready.TransferSeconds,
        });
        return Phase == JobPhase.Running ? state.Admit(key, effects).AssignAll(effects) : state;
    }

    private static JobOutcome TooManyLanes(long lanes, long limit) => new(
        JobEnd.TooManyLanes,
        string.Create(CultureInfo.InvariantCulture, $"it takes {lanes:N0} basis vectors, more than {limit:N0}"));

    private JobState OnReplicaFailed(WorkerKey key, ReplicaFailed failed, List<Effect> effects)
    {
        if (!Workers.TryGetValue(key, out var worker) || !worker.TakesPart) return Stale();

        var state = Lose(key, failed.What, effects, crashed: false);
        worker = state.Workers[key].AfterFailure(failed.What, unpunished: 0);
        if (failed.Retriable) return state.Rest(key, worker).AssignAll(effects);

        if (Phase == JobPhase.Running) effects.Add(new Warn(key, $"takes no part in the job: {failed.What}"));
        return state.With(key, worker with { Phase = WorkerPhase.Failed, Reason = failed.What, Refusal = failed.What })
            .AssignAll(effects);
    }

    /// <summary>
    /// Ends a job that cannot be computed as it is described: that is what two workers say, or all that came, and no chunk
    /// is out. Later, those that compute show that it can be, or have shown it to an earlier run.
    /// </summary>
    private JobState EndIfRefused(List<Effect> effects)
    {
        if (Phase != JobPhase.Preparing || Recovered > 0) return this;
        var refusing = Workers.Where(worker => worker.Value.Refusal is not null).DistinctBy(worker => worker.Key.Id).ToList();
        bool believed = refusing.Count > 1
            || (PresentWorkers == 0 && Workers.DistinctBy(worker => worker.Key.Id).Count() >= Policy.MinWorkers);
        return refusing.Count > 0 && believed
            ? End(new JobOutcome(JobEnd.Refused, refusing[0].Value.Refusal), effects)
            : this;
    }

    private JobState OnWorkerWaitOver(List<Effect> effects)
    {
        if (!WaitsForWorkers) return this;
        if (Policy.BeginsWithFewer && Workers.IsEmpty && WaitsOver < MostWaits)
        {
            effects.Add(new StartWorkerWait(Policy.WorkerWait));
            return this with { WaitsOver = WaitsOver + 1 };
        }

        if (Policy.BeginsWithFewer && Phase == JobPhase.Preparing && PresentWorkers > 0) return this with { TakesFewer = true };
        if (Phase == JobPhase.Preparing && Recovered == 0 && PresentWorkers == 0 && Workers.Values.FirstOrDefault(worker => worker.Refusal is not null) is { } refusing)
            return End(new JobOutcome(JobEnd.Refused, refusing.Refusal), effects);

        if (IsUndecided)
        {
            return End(new JobOutcome(JobEnd.Failed, "The workers have different replicas, and no replica has a majority: "
                + string.Join("; ", Alike().Select(alike => string.Join(", ", alike.Select(worker => worker.Key)))) + "."), effects);
        }

        var missing = Workers
            .Where(entry => entry.Value is { Present: false, Problem: not null })
            .Select(entry => $"\n  {entry.Key}: {entry.Value.Problem}");
        string present = string.Join(", ", Workers.Where(entry => entry.Value.Present).Select(entry => entry.Key));
        string message = string.Create(CultureInfo.InvariantCulture,
            $"{WorkersNeeded} {(WorkersNeeded == 1 ? "worker is" : "workers are")} needed, and after waiting "
            + $"{Policy.WorkerWait.TotalSeconds:0.#} s there {(PresentWorkers == 1 ? "is" : "are")} {PresentWorkers}{(present.Length > 0 ? ": " : "")}{present}.");
        return End(new JobOutcome(JobEnd.Failed, message + string.Concat(missing)), effects);
    }

    /// <summary>
    /// How often the job has waited in vain for a first worker of those that are sure to come, since they are of this process:
    /// a machine that does much else may take its time to start them.
    /// </summary>
    private int WaitsOver { get; init; }

    private const int MostWaits = 12;

    private int WorkersNeeded => Phase == JobPhase.Preparing && !TakesFewer ? Policy.MinWorkers : 1;

    private JobState WaitIfNeeded(List<Effect> effects)
    {
        bool needed = Phase != JobPhase.Finished && (PresentWorkers < WorkersNeeded || IsUndecided);
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
