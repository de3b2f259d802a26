using System.Globalization;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;

namespace ActorHutch.Coordinator.Scheduling;

/// <content>A job goes on where an earlier run of it stopped.</content>
internal sealed partial record JobState
{
    /// <summary>How many of the chunks that are done were done by an earlier run.</summary>
    public long Recovered { get; private init; }

    /// <summary>Those of the chunks of jobs that differ from this one in nothing but when they end that are this one's too.</summary>
    /// <param name="spec">This job.</param>
    /// <param name="replica">What all of them computed with.</param>
    /// <param name="chunks">The others' chunks.</param>
    public static IEnumerable<AcceptedChunk> Shared(JobSpec spec, ReplicaReady replica, IEnumerable<AcceptedChunk> chunks)
    {
        var state = new JobState { Job = Guid.Empty, Spec = spec, Policy = new JobPolicy() }.Planned(replica).QueueComparisons(replica.Columns);
        return chunks.Where(state.Has).DistinctBy(chunk => chunk.Chunk);
    }

    /// <summary>
    /// Takes what was accepted as done. What lies between is issued first: it was out when the earlier run stopped.
    /// </summary>
    private JobState Recover(RecoveredJob recovered, List<Effect> effects)
    {
        var done = recovered.Done;
        var state = Planned(recovered.Replica, done.End) with
        {
            Done = done,
            Recovered = done.Count,
            Reissue = [.. done.Gaps],
            Counts = recovered.Counts,
        };
        state = state with { Workers = Workers.AddRange(recovered.WorkersOf(state.ProbesOfChunk)) };
        // All chunks of the ranges before the last one were done.
        if (state.Spec.Estimator.TakesTurns) state = state with { Released = done.Count / state.Shards + 1 };
        state = state.QueueComparisons(recovered.Replica.Columns, recovered.Compared);
        string? earlier = recovered.HasEnded && state.AwaitsComparison ? "an earlier version of the program computed the job" : null;
        if (state.AwaitsComparison && (recovered.NotCompared ?? earlier) is { } why) state = state.ForgoComparison(why, effects);
        foreach (var chunk in recovered.Chunks)
        {
            if (state.Has(chunk)) continue;
            return state.End(new JobOutcome(JobEnd.Refused, string.Create(CultureInfo.InvariantCulture,
                $"The state directory is damaged: its chunk {chunk.Chunk} is none of this job's.")), effects);
        }

        return done.Count == state.ChunkCount && !state.AwaitsComparison ? state.End(new JobOutcome(JobEnd.Completed), effects) : state;
    }

    /// <summary>Whether a chunk is one of the job's.</summary>
    private bool Has(AcceptedChunk chunk) =>
        chunk.Chunk < ChunkCount && (!IsComparison(chunk.Chunk) || ShardCompared(chunk.Chunk) < Shards) && Fits(chunk.Chunk, chunk.Values);
}
