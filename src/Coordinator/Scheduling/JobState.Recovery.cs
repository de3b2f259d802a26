using System.Globalization;

namespace ActorHutch.Coordinator.Scheduling;

/// <content>A job goes on where an earlier run of it stopped.</content>
internal sealed partial record JobState
{
    /// <summary>How many of the chunks that are done were done by an earlier run.</summary>
    public long Recovered { get; private init; }

    /// <summary>
    /// Takes what was accepted as done. What lies between is issued first: it was out when the earlier run stopped.
    /// </summary>
    private JobState Recover(RecoveredJob recovered, List<Effect> effects)
    {
        long probes = Spec.Estimator.Probes(Spec.Probes, recovered.Replica.BasisCount);
        var done = recovered.Done;
        var state = Planned(recovered.Replica, probes, done.End) with
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
            bool isOne = chunk.Chunk < state.ChunkCount && (!IsComparison(chunk.Chunk) || ShardCompared(chunk.Chunk) < state.Shards);
            if (isOne && state.Fits(chunk.Chunk, chunk.Values)) continue;
            return state.End(new JobOutcome(JobEnd.Refused, string.Create(CultureInfo.InvariantCulture,
                $"The state directory is damaged: its chunk {chunk.Chunk} is none of this job's.")), effects);
        }

        return done.Count == state.ChunkCount && !state.AwaitsComparison ? state.End(new JobOutcome(JobEnd.Completed), effects) : state;
    }
}
