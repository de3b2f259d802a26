using System.Collections.Immutable;
using System.Globalization;
using ActorHutch.Curvature.Operators;
using ActorHutch.Shared.Messages;

namespace ActorHutch.Coordinator.Scheduling;

/// <content>Chunks go out, come back, and go out again.</content>
internal sealed partial record JobState
{
    /// <summary>More than any worker has use for; it bounds what a faulty one can ask for.</summary>
    private const int MaxCredit = 1024;

    /// <summary>A chunk's first probe.</summary>
    public long FirstProbe(long chunk) => chunk == BothPrecisions ? 0 : chunk * Spec.ChunkSize;

    /// <summary>A chunk's number of probes: the last one may be shorter.</summary>
    public int ProbeCount(long chunk) =>
        chunk == BothPrecisions ? ComparedProbes : (int)Math.Min(Spec.ChunkSize, Probes - FirstProbe(chunk));

    private JobState OnRequestWork(WorkerKey key, RequestWork request, List<Effect> effects)
    {
        if (!Workers.TryGetValue(key, out var worker) || !worker.Present || request.Count < 1) return Stale();

        int credit = (int)Math.Min((long)worker.Credit + request.Count, MaxCredit);
        var state = With(key, worker with { Credit = credit });
        while (state.TryIssueTo(key, effects) is { } next) state = next;
        return state;
    }

    /// <summary>Gives waiting workers what there is, one chunk each in turn.</summary>
    private JobState AssignAll(List<Effect> effects)
    {
        var state = this;
        for (bool progress = state.Phase == JobPhase.Running; progress;)
        {
            progress = false;
            foreach (var key in state.Workers.Keys)
            {
                if (state.TryIssueTo(key, effects) is not { } next) continue;
                state = next;
                progress = true;
            }
        }

        return state;
    }

    /// <summary>The state with one chunk more in flight; null where the worker wants none or there is none for it.</summary>
    private JobState? TryIssueTo(WorkerKey key, List<Effect> effects)
    {
        var worker = Workers[key];
        if (Phase != JobPhase.Running || !worker.IsReady || worker.Credit == 0) return null;
        if (NextChunkFor(key) is not { } chunk) return null;

        bool again = chunk < Frontier;
        bool copy = again && InFlight.ContainsKey(chunk);
        bool verification = again && IsDone(chunk);
        bool extra = copy || verification;
        var trouble = Troubles.GetValueOrDefault(chunk) ?? ChunkTrouble.None;
        int number = again ? trouble.Attempts + 1 : 1;
        effects.Add(new Send(key, new RunChunk(Job, chunk, number, FirstProbe(chunk), ProbeCount(chunk))
        {
            InBothPrecisions = chunk == BothPrecisions,
        }));

        var inFlight = InFlight.GetValueOrDefault(chunk, []);
        return this with
        {
            Frontier = again ? Frontier : chunk + 1,
            Reissue = again ? Reissue.Remove(chunk) : Reissue,
            Troubles = again
                ? Troubles.SetItem(chunk, trouble with { Attempts = number, Extra = trouble.Extra + One(extra) })
                : Troubles,
            InFlight = InFlight.SetItem(chunk, inFlight.Add(new Attempt(number, key))),
            Counts = Counts with
            {
                Reissued = Counts.Reissued + One(number > 1 && !extra),
                Copies = Counts.Copies + One(copy && !verification),
            },
            Workers = Workers.SetItem(
                key, worker with { Credit = worker.Credit - 1, Chunks = worker.Chunks.Add(chunk) }),
        };
    }

    private long? NextChunkFor(WorkerKey key)
    {
        foreach (long chunk in Reissue)
        {
            bool failedHere = Troubles.GetValueOrDefault(chunk)?.FailedOn == key;
            if (!failedHere || ReadyWorkers == 1) return chunk;
        }

        return ChunkToVerify(key) ?? (HasFreshChunks ? Frontier : ChunkToCopy(key));
    }

    private JobState OnChunkDone(WorkerKey key, ChunkDone done, List<Effect> effects)
    {
        // A worker that was given up for lost may still deliver; what it says is as good as anybody's.
        if (!Workers.ContainsKey(key) || !WasIssued(done.Chunk, done.Attempt)) return Stale();

        var state = Settle(key, done.Chunk, done.Attempt);
        if (!Fits(done.Chunk, done.Values))
        {
            var malformed = new ChunkFailed(Job, done.Chunk, done.Attempt, "The result has another shape.", true);
            return state.Fail(key, malformed, effects);
        }

        if (IsDone(done.Chunk))
        {
            if (done.Chunk == BothPrecisions && NotCompared is not null) return state;
            effects.Add(new Compare(done.Chunk, key, done.Values));
            return (state with { Counts = Counts with { Duplicates = Counts.Duplicates + 1 } }).Confirm(done.Chunk, key);
        }

        effects.Add(new Accept(done.Chunk, key, done.Values, done.ComputeSeconds, done.WaitSeconds, done.Attempt));
        var worker = state.Workers[key] with { WaitSeconds = state.Workers[key].WaitSeconds + done.WaitSeconds };
        if (done.Chunk != BothPrecisions)
        {
            worker = worker with
            {
                ChunksDone = worker.ChunksDone + 1,
                ProbesDone = worker.ProbesDone + done.Values.Count,
                ComputeSeconds = worker.ComputeSeconds + done.ComputeSeconds,
            };
        }

        return state.With(key, worker).WithDone(done.Chunk) with
        {
            Reissue = state.Reissue.Remove(done.Chunk),
            Unconfirmed = IsToVerify(done.Chunk) ? Unconfirmed.Add(done.Chunk, key) : Unconfirmed,
        };
    }

    private JobState OnChunkFailed(WorkerKey key, ChunkFailed failed, List<Effect> effects)
    {
        var attempt = new Attempt(failed.Attempt, key);
        if (!InFlight.GetValueOrDefault(failed.Chunk, []).Contains(attempt)) return Stale();
        return Settle(key, failed.Chunk, failed.Attempt).Fail(key, failed, effects);
    }

    /// <summary>Counts a failure, and has the chunk tried again or the job end.</summary>
    private JobState Fail(WorkerKey key, ChunkFailed failed, List<Effect> effects)
    {
        var state = this with { Counts = Counts with { Failed = Counts.Failed + 1 } };
        var trouble = Troubles.GetValueOrDefault(failed.Chunk) ?? ChunkTrouble.None;
        var hopelessBefore = trouble.HopelessOn;
        trouble = trouble with
        {
            Failures = trouble.Failures + 1,
            FailedOn = key,
            HopelessOn = failed.Retriable ? hopelessBefore : key,
        };
        state = state with { Troubles = Troubles.SetItem(failed.Chunk, trouble) };
        bool often = trouble.Failures >= Policy.MaxFailures;
        if (IsDone(failed.Chunk))
            return (often ? state.GiveUpVerifying(failed.Chunk) : state).AssignAll(effects);

        // What one device cannot do another may: only two of them, or the only one there is, are believed.
        bool hopeless = !failed.Retriable
            && (ReadyWorkers <= 1 || (hopelessBefore is { } before && before.Id != key.Id));
        if ((hopeless || often) && failed.Chunk == BothPrecisions)
            return state.ForgoComparison(failed.What, effects).AssignAll(effects);
        if (hopeless || often)
        {
            string also = hopeless && ReadyWorkers > 1 ? $"{hopelessBefore} and " : "";
            string times = hopeless ? "" : $" for the {Ordinal(trouble.Failures)} time";
            return state.End(
                new JobOutcome(JobEnd.Failed, $"{Name(failed.Chunk)} failed{times}, on {also}{key}: {failed.What}"), effects);
        }

        return state.QueueAgain(failed.Chunk, effects).AssignAll(effects);
    }

    /// <summary>Forgets a worker's attempts, and queues what nobody else is at.</summary>
    private JobState Lose(WorkerKey key, string reason, List<Effect> effects)
    {
        if (!Workers.TryGetValue(key, out var worker)) return this;

        if (worker.Phase == WorkerPhase.Leaving) reason = worker.Reason!;
        var state = With(key, worker with { Phase = WorkerPhase.Lost, Reason = reason, Credit = 0, Chunks = [], Unnamed = [] });
        foreach (long chunk in worker.Chunks)
        {
            state = state.WithoutAttempts(chunk, attempt => attempt.Worker == key).QueueAgain(chunk, effects);
            if (state.Phase == JobPhase.Finished) break;
        }

        return state;
    }

    private JobState QueueAgain(long chunk, List<Effect> effects)
    {
        if (IsDone(chunk) || InFlight.ContainsKey(chunk)) return this;

        var trouble = Troubles.GetValueOrDefault(chunk) ?? ChunkTrouble.None;
        int attempts = trouble.Attempts - trouble.Extra;
        if (chunk == BothPrecisions && attempts >= MostComparisons)
            return ForgoComparison("the workers that computed in double precision were lost", effects);
        return attempts >= Policy.MaxAttempts
            ? End(new JobOutcome(JobEnd.Failed, $"{Name(chunk)} was lost or failed {attempts} times."), effects)
            : this with { Reissue = Reissue.Add(chunk) };
    }

    /// <summary>
    /// Takes an attempt off the list of those without an answer. The worker may be at another attempt at the same chunk,
    /// given to it when this one was thought to be lost.
    /// </summary>
    private JobState Settle(WorkerKey key, long chunk, int number)
    {
        var state = WithoutAttempts(chunk, attempt => attempt == new Attempt(number, key));
        var worker = Workers[key];
        return state.InFlight.GetValueOrDefault(chunk, []).Any(attempt => attempt.Worker == key)
            ? state
            : state.With(key, worker with { Chunks = worker.Chunks.Remove(chunk) });
    }

    private JobState WithoutAttempts(long chunk, Predicate<Attempt> match)
    {
        var left = InFlight.GetValueOrDefault(chunk, []).RemoveAll(match);
        return this with { InFlight = left.IsEmpty ? InFlight.Remove(chunk) : InFlight.SetItem(chunk, left) };
    }

    private bool WasIssued(long chunk, int attempt) =>
        (chunk == BothPrecisions ? ComparedProbes > 0 : chunk >= 0 && chunk < Frontier) && attempt >= 1
        && attempt <= (Troubles.GetValueOrDefault(chunk) ?? ChunkTrouble.None).Attempts;

    private bool Fits(long chunk, ProbeValues values) =>
        values.FirstProbe == FirstProbe(chunk)
        && values.Count == ProbeCount(chunk) * (chunk == BothPrecisions ? 2 : 1)
        && values.Columns == Replica!.Columns;

    private string Name(long chunk) => chunk == BothPrecisions ? "The comparison with double precision" : string.Create(
        CultureInfo.InvariantCulture,
        $"Chunk {chunk} (probes {FirstProbe(chunk)} to {FirstProbe(chunk) + ProbeCount(chunk) - 1})");

    private static string Ordinal(int number) => number switch
    {
        1 => "first",
        2 => "second",
        3 => "third",
        _ => $"{number}th",
    };
}
