using System.Globalization;
using ActorHutch.Curvature;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using ActorHutch.Shared.Wire;

namespace ActorHutch.Coordinator.Scheduling;

/// <content>
/// Workers must compute the same thing: they hold the same replica, and those of one kind find the same bits for the
/// first probes. Where they do not, the majority is believed.
/// </content>
internal sealed partial record JobState
{
    /// <summary>Whether enough workers are ready, and as many hold one replica as hold another: nobody knows which is right.</summary>
    public bool IsUndecided { get; private init; }

    private JobState BeginIfReady(List<Effect> effects)
    {
        if (Phase != JobPhase.Preparing) return this;
        int needed = TakesFewer ? Math.Max(PresentWorkers, 1) : Policy.MinWorkers;
        return ReadyWorkers >= needed ? Begin(effects) : this with { IsUndecided = false };
    }

    private JobState Begin(List<Effect> effects)
    {
        var state = this with { IsUndecided = false };
        var replicas = Alike().ToList();
        if (Replica is null && replicas.Count > 1 && replicas[0].Count() == replicas[1].Count()) return this with { IsUndecided = true };

        var replica = Replica ?? replicas[0].First().Value.Replica!;
        foreach (var (key, worker) in replicas.SelectMany(alike => alike))
        {
            if (!replica.Agrees(worker.Replica!)) state = state.SetAside(key, UnlikeTheRest, effects);
        }

        if (state.ReadyWorkers == 0) return state;

        long probes = Spec.Estimator.Probes(Spec.Probes, replica.BasisCount);
        if (probes > Policy.LaneLimit) return state.End(TooManyLanes(probes, Policy.LaneLimit.Value), effects);

        foreach (string kind in state.Workers.Values.Select(worker => worker.Kind).Distinct()) state = state.SettleKind(kind, effects);
        foreach (var (key, worker) in state.Workers)
        {
            if (worker.Refusal is { } refusal) effects.Add(new Warn(key, $"takes no part in the job: {refusal}"));
        }

        effects.Add(new Begin());
        bool isNew = Replica is null;
        state = state with { Phase = JobPhase.Running };
        if (!isNew) return state.AssignAll(effects);
        state = state.Planned(replica);
        if (state.ChunkCount > JobSpec.MostChunks || state.Shards > JobSpec.MostShards) return state.End(TooManyChunks(state.Grid!), effects);
        return state.QueueComparisons(replica.Columns).AssignAll(effects);
    }

    /// <summary>The state with all chunks still to go out.</summary>
    private JobState Planned(ReplicaReady replica, long issued = 0)
    {
        long probes = Spec.Estimator.Probes(Spec.Probes, replica.BasisCount);
        // Where a job leaves it to the workers, they have chosen it; and a model of many blocks has fewer probes in a message.
        var spec = Spec with { ProbeSpace = replica.ProbeSpace };
        int most = Math.Max(1, WireFrame.MaxProbes(replica.Columns));
        if (spec.VBatch is null && most < spec.ChunkSize && replica.Shapes.Count == 0) spec = spec with { VBatch = most };
        if (spec.Estimator.TakesPart) spec = spec with { VBatch = null, Probes = probes = Math.Min(probes, most) };
        if (spec.Estimator.TellsDiagonal) spec = spec with { Probes = probes };
        // Whose turn it is multiplies as many vectors as before.
        if (spec.Estimator.TakesTurns) probes = Math.Max(1, probes / spec.ChunkSize) * spec.ChunkSize;
        var grid = new WorkGrid(probes, spec.ChunkSize, replica.Model.Samples, Math.Max(1, replica.ShardSize));
        if (spec.Estimator.TakesPart) grid = grid.InOrder(spec.Seed);
        // Of fewer probes than basis vectors.
        if (spec.Estimator.TellsDiagonal) grid = grid with { HasOwnProbes = probes < replica.BasisCount };
        // A bound against runaways, and no number that a target waits for.
        if (spec.Target is not null) grid = grid with { Probes = Math.Min(probes, Math.Max(1, JobSpec.MostChunks / grid.Shards) * grid.ChunkSize) };
        return this with
        {
            Spec = spec,
            Replica = replica,
            Probes = grid.Probes,
            Grid = grid,
            Fresh = FreshChunks.From(grid, issued),
            Released = spec.Estimator.TakesTurns ? 1 : long.MaxValue,
        };
    }

    private static JobOutcome TooManyChunks(WorkGrid grid) => new(JobEnd.Refused, string.Create(
        CultureInfo.InvariantCulture,
        $"The job has {grid.Count:N0} chunks, {grid.Shards:N0} shards of samples for each of {grid.Ranges:N0} ranges of probes: at most "
        + $"{JobSpec.MostChunks:N0} chunks and {JobSpec.MostShards:N0} shards are possible. Use larger shards, with --shard, or more probes in a chunk, with --v-batch."));

    /// <summary>The workers that are ready, those with the same replica together, the most first.</summary>
    private IEnumerable<IGrouping<object, KeyValuePair<WorkerKey, WorkerInJob>>> Alike() => Workers
        .Where(worker => worker.Value.IsReady)
        .GroupBy(worker => (object)worker.Value.Replica!.Identity)
        .OrderByDescending(alike => alike.Count());

    /// <summary>A worker is ready, and what the others must agree to is known.</summary>
    private JobState Admit(WorkerKey key, List<Effect> effects)
    {
        var worker = Workers[key];
        return Replica!.Agrees(worker.Replica!)
            ? SettleKind(worker.Kind, effects)
            : SetAside(key, UnlikeTheRest, effects);
    }

    private string UnlikeTheRest => Recovered > 0
        ? "its replica differs from the one that computed the state directory's chunks"
        : "its replica differs from the other workers'";

    /// <summary>
    /// Devices of one kind find the same bits. One that does not is not what it says, or it is faulty: it takes no part.
    /// What it has computed until now may be wrong, and the job's result with it. Those that are gone still count.
    /// </summary>
    private JobState SettleKind(string kind, List<Effect> effects)
    {
        var byBits = Workers
            .Where(worker => worker.Value.Bits is not null && worker.Value.Kind == kind)
            .GroupBy(worker => worker.Value.Bits, worker => worker.Key)
            .Select(alike => (Workers: alike.ToList(), Votes: alike.DistinctBy(worker => worker.Id).Count()))
            .OrderByDescending(alike => alike.Votes)
            .ToList();
        if (byBits.Count < 2) return this;

        var state = this;
        bool undecided = byBits[0].Votes == byBits[1].Votes;
        foreach (var key in byBits.Skip(1).SelectMany(alike => alike.Workers))
        {
            var worker = Workers[key];
            if (undecided || worker.ChunksDone > 0) state = state.Suspecting(byBits[0].Workers[0], key, effects);
            if (!undecided && worker.IsReady)
                state = state.SetAside(key, "its first values are not those of the other workers of its kind", effects);
        }

        return state;
    }

    /// <summary>Two workers of one kind disagree about the first chunk, of whose probes each computed some to warm up.</summary>
    private JobState Suspecting(WorkerKey first, WorkerKey second, List<Effect> effects)
    {
        var disagreement = new Disagreement(0, first, second);
        if (Counts.Disagreements.Contains(disagreement)) return this;
        effects.Add(new Warn(second, $"disagrees with worker {first} of the same kind about the first chunk"));
        return Disagreeing(disagreement);
    }

    private JobState SetAside(WorkerKey key, string reason, List<Effect> effects)
    {
        effects.Add(new Warn(key, $"takes no part in the job: {reason}"));
        var state = Lose(key, reason, effects, crashed: false);
        return state.With(key, state.Workers[key] with { Phase = WorkerPhase.Failed, Reason = reason });
    }

    /// <summary>Devices of two kinds may round otherwise, and neither is wrong; but a job of both has neither's last bits.</summary>
    private void WarnOfMix(WorkerKey key, string kind, ReplicaReady ready, List<Effect> effects)
    {
        var there = Workers.Where(worker => worker.Value.IsReady && worker.Key != key).ToList();
        if (there.Count == 0 || there.Any(worker => worker.Value.Kind == kind || worker.Value.Bits == ready.Bits)) return;
        effects.Add(new Warn(key, $"rounds differently from worker {there[0].Key}, so the last bits of the result depend on which worker computes which chunk: "
            + $"one is {kind}, the other {there[0].Value.Kind}"));
    }

    /// <summary>Whether two workers must find the same bits; of one that has yet to be ready its word is taken.</summary>
    private bool SameKind(WorkerKey a, WorkerKey b) =>
        Workers.TryGetValue(a, out var one) && Workers.TryGetValue(b, out var other) && one.Kind == other.Kind
        && (one.Bits is null || other.Bits is null || one.Bits == other.Bits);
}
