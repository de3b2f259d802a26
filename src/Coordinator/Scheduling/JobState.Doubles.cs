using System.Collections.Immutable;

namespace ActorHutch.Coordinator.Scheduling;

/// <content>Chunks that two workers compute: copies, so that nobody waits for the slowest, and verifications.</content>
internal sealed partial record JobState
{
    /// <summary>How far an ordinary look for a chunk to verify goes; near the end all of them are looked at.</summary>
    private const int VerificationsInSight = 64;

    private bool HasFreshChunks => Fresh.AnyBefore(Released);

    /// <summary>A done chunk that this worker can confirm and nobody is at.</summary>
    private long? ChunkToVerify(WorkerKey key)
    {
        foreach (var (chunk, first) in Unconfirmed.Take(HasFreshChunks ? VerificationsInSight : int.MaxValue))
        {
            if (CanVerify(key, chunk, first) && !InFlight.ContainsKey(chunk)) return chunk;
        }

        return null;
    }

    /// <summary>
    /// The chunk that is out longest, where one other worker is at it. Chunks go out in their order, so that is the
    /// first of them.
    /// </summary>
    private long? ChunkToCopy(WorkerKey key)
    {
        // Whose turn it is comes soon, and a worker that is at a copy would miss it.
        if (!Policy.CopySlowest || Spec.Estimator.TakesTurns || HasFreshChunks || !Reissue.IsEmpty) return null;
        long? first = null;
        foreach (var (chunk, attempts) in InFlight)
        {
            if (attempts.Length == 1 && !(chunk >= first) && !IsDone(chunk) && IsFor(key, chunk)) first = chunk;
        }

        return first;
    }

    private bool CanVerify(WorkerKey key, long chunk, WorkerKey first) =>
        key.Id != first.Id && SameKind(key, first) && Troubles.GetValueOrDefault(chunk)?.FailedOn(key.Id) != true;

    /// <summary>Whether a chunk is among those to verify: by its number and the seed, whoever computes it.</summary>
    private bool IsToVerify(long chunk)
    {
        if (Policy.VerifyFraction <= 0) return false;
        // SplitMix64's finalizer, whose upper bits are as good as random.
        ulong bits = Spec.Seed + (ulong)(chunk + 1) * 0x9E3779B97F4A7C15;
        bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
        bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
        bits ^= bits >> 31;
        return (bits >> 11) * (1.0 / (1UL << 53)) < Policy.VerifyFraction;
    }

    /// <summary>A second result of a chunk came in.</summary>
    private JobState Confirm(long chunk, WorkerKey second) =>
        Unconfirmed.TryGetValue(chunk, out var first) && CanVerify(second, chunk, first)
            ? this with
            {
                Unconfirmed = Unconfirmed.Remove(chunk),
                Counts = Counts with { Verified = Counts.Verified + 1 },
            }
            : this;

    /// <summary>Ends a job whose chunks are done and confirmed, as far as there is anybody to confirm them.</summary>
    private JobState EndIfDone(List<Effect> effects)
    {
        if (Phase != JobPhase.Running || Done.Count < ChunkCount || AwaitsComparison) return this;

        var state = this;
        foreach (var (chunk, first) in Unconfirmed)
        {
            // One that makes no progress is not waited for, though it may be at it.
            if (Workers.Any(worker => worker.Value.Present && CanVerify(worker.Key, chunk, first))) break;
            state = state with
            {
                Unconfirmed = state.Unconfirmed.Remove(chunk),
                Counts = state.Counts with { Unverified = state.Counts.Unverified + 1 },
            };
        }

        return state.Unconfirmed.IsEmpty ? state.End(new JobOutcome(JobEnd.Completed), effects) : state;
    }
}
