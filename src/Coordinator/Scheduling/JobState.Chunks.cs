using System.Collections.Immutable;
using ActorHutch.Curvature;
using ActorHutch.Curvature.Operators;
using ActorHutch.Shared.Messages;

namespace ActorHutch.Coordinator.Scheduling;

/// <content>Chunks go out, come back, and go out again.</content>
internal sealed partial record JobState
{
    /// <summary>More than any worker has use for; it bounds what a faulty one can ask for.</summary>
    private const int MaxCredit = 1024;

    /// <summary>A chunk's probes and samples.</summary>
    public Tile Tile(long chunk) => IsComparison(chunk) ? Grid!.Of(0, ComparedProbes, ShardCompared(chunk)) : Grid![chunk];

    /// <summary>Probes of a chunk, which a damaged journal may have and the job has not.</summary>
    private int ProbesOfChunk(long chunk) => chunk < ChunkCount ? Tile(chunk).Probes : 0;

    private JobState OnRequestWork(WorkerKey key, RequestWork request, List<Effect> effects)
    {
        if (!Workers.TryGetValue(key, out var worker) || !worker.TakesPart || request.Count < 1) return Stale();

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
        if (Phase != JobPhase.Running || !worker.IsReady || worker.Stalled || worker.Pause > 0 || worker.Credit == 0) return null;
        if (ChunkToRepeat(key) is { } again) return Issue(again, key, effects, isFirst: false);
        if (NextComparison(key) is var (owner, own)) return WithoutComparison(owner).Issue(own, key, effects, isFirst: true);
        if (ChunkToVerify(key) is { } verified) return Issue(verified, key, effects, isFirst: false);
        if (HasFreshChunks)
        {
            var (chunk, rest) = Fresh.Take(key, Released);
            return (this with { Fresh = rest }).WithComparisonOf(chunk, key).Issue(chunk, key, effects, isFirst: true);
        }

        if (NextComparison(null) is var (any, others)) return WithoutComparison(any).Issue(others, key, effects, isFirst: true);
        return ChunkToCopy(key) is { } copy ? Issue(copy, key, effects, isFirst: false) : null;
    }

    private JobState Issue(long chunk, WorkerKey key, List<Effect> effects, bool isFirst)
    {
        var worker = Workers[key];
        bool copy = !isFirst && InFlight.ContainsKey(chunk);
        bool verification = !isFirst && IsDone(chunk);
        var trouble = Troubles.GetValueOrDefault(chunk) ?? ChunkTrouble.None;
        int number = isFirst ? 1 : trouble.Attempts + 1;
        effects.Add(new Send(key, new RunChunk(Job, chunk, number, Tile(chunk))
        {
            Keeps = Grid!.Ranges > 1,
            InBothPrecisions = IsComparison(chunk),
        }));

        var inFlight = InFlight.GetValueOrDefault(chunk, []);
        return this with
        {
            Reissue = isFirst ? Reissue : Reissue.Remove(chunk),
            Troubles = isFirst ? Troubles : Troubles.SetItem(chunk, trouble with { Attempts = number }),
            InFlight = InFlight.SetItem(chunk, inFlight.Add(new Attempt(number, key))),
            Counts = Counts with
            {
                Reissued = Counts.Reissued + One(number > 1 && !copy && !verification),
                Copies = Counts.Copies + One(copy && !verification),
            },
            Workers = Workers.SetItem(key, worker with
            {
                Credit = worker.Credit - 1,
                Chunks = worker.Chunks.Add(chunk),
                Idle = worker.IsBusy ? worker.Idle : 0,
            }),
        };
    }

    private long? ChunkToRepeat(WorkerKey key)
    {
        foreach (long chunk in Reissue)
        {
            if (IsFor(key, chunk)) return chunk;
        }

        return null;
    }

    private JobState OnChunkDone(WorkerKey key, ChunkDone done, List<Effect> effects)
    {
        // A worker that was given up for lost may still deliver; what it says is as good as anybody's.
        if (!Workers.ContainsKey(key) || !WasIssued(done.Chunk, done.Attempt)) return Stale();

        var state = Settle(key, done.Chunk, done.Attempt);
        if (ProblemWith(done) is var (what, kind))
        {
            effects.Add(new Warn(key, $"the result of {Name(done.Chunk)} cannot be used: {what}"));
            return state.Fail(key, done.Chunk, what, kind, effects);
        }

        state = state.Computed(key);
        if (IsDone(done.Chunk))
        {
            if (IsComparison(done.Chunk) && NotCompared is not null) return state;
            effects.Add(new Compare(done.Chunk, key, done.Values));
            return (state with { Counts = Counts with { Duplicates = Counts.Duplicates + 1 } }).Confirm(done.Chunk, key);
        }

        effects.Add(new Accept(done.Chunk, key, done.Values, done.ComputeSeconds, done.WaitSeconds, done.Attempt));
        var worker = state.Workers[key] with { WaitSeconds = state.Workers[key].WaitSeconds + done.WaitSeconds };
        worker = IsComparison(done.Chunk)
            ? worker with { RoundingSeconds = worker.RoundingSeconds + done.ComputeSeconds }
            : worker with
            {
                ChunksDone = worker.ChunksDone + 1,
                ProbesDone = worker.ProbesDone + Tile(done.Chunk).Probes,
                ComputeSeconds = worker.ComputeSeconds + done.ComputeSeconds,
            };

        return state.With(key, worker).WithDone(done.Chunk) with
        {
            Reissue = state.Reissue.Remove(done.Chunk),
            Unconfirmed = IsToVerify(done.Chunk) ? Unconfirmed.Add(done.Chunk, key) : Unconfirmed,
        };
    }

    private JobState OnChunkFailed(WorkerKey key, ChunkFailed failed, List<Effect> effects)
    {
        if (!Workers.TryGetValue(key, out var worker)) return Stale();
        var attempt = new Attempt(failed.Attempt, key);
        bool overdue = worker.Stalled && WasIssued(failed.Chunk, failed.Attempt);
        if (!overdue && !InFlight.GetValueOrDefault(failed.Chunk, []).Contains(attempt)) return Stale();
        var state = Settle(key, failed.Chunk, failed.Attempt);
        // A verification that came too late for its vectors is nobody's failure.
        if (!IsComparison(failed.Chunk) && failed.Chunk < FirstWithVectors && IsDone(failed.Chunk)) return state.Stale();
        return state.Fail(
            key, failed.Chunk, failed.What, failed.IsOfInput ? SetbackKind.Input : failed.Retriable ? SetbackKind.Failed : SetbackKind.Hopeless, effects);
    }

    /// <summary>A worker computed a chunk: so it can, whatever went wrong before.</summary>
    private JobState Computed(WorkerKey key)
    {
        var worker = Workers[key];
        return With(key, worker with
        {
            Idle = 0,
            Stalled = false,
            Pause = 0,
            FailuresInARow = 0,
            Pace = (worker.Pace.Chunks + 1, worker.Pace.Intervals + worker.Idle),
        });
    }

    /// <summary>Forgets a worker's attempts, and queues what nobody else is at.</summary>
    /// <param name="key">The worker.</param>
    /// <param name="reason">Why it is gone.</param>
    /// <param name="effects">Is added to.</param>
    /// <param name="crashed">Whether what it was at may be to blame.</param>
    private JobState Lose(WorkerKey key, string reason, List<Effect> effects, bool crashed)
    {
        if (!Workers.TryGetValue(key, out var worker)) return this;

        // Why it was no use before says more than that it is gone now.
        if (worker.Phase is WorkerPhase.Leaving or WorkerPhase.Failed or WorkerPhase.Resting) reason = worker.Reason!;
        var state = (this with { Fresh = Fresh.Without(key) }).With(key, worker with
        {
            Phase = WorkerPhase.Lost,
            Reason = reason,
            Credit = 0,
            Chunks = [],
            Unnamed = [],
            Stalled = false,
            WasLostAtWork = worker.WasLostAtWork || (crashed && worker.IsBusy),
        });
        foreach (long chunk in worker.Chunks)
        {
            state = state.WithoutAttempts(chunk, attempt => attempt.Worker == key);
            if (crashed) state = state.Remember(chunk, new Setback(key, SetbackKind.Lost, reason));
            state = state.QueueAgain(chunk, effects);
            if (state.Phase == JobPhase.Finished) break;
        }

        return state;
    }

    private JobState QueueAgain(long chunk, List<Effect> effects)
    {
        if (IsDone(chunk) || InFlight.ContainsKey(chunk)) return this;
        if (Doom(chunk) is not { } doom) return this with { Reissue = Reissue.Add(chunk) };
        if (IsComparison(chunk)) return ForgoComparison(doom, effects);
        return End(new JobOutcome(InputAtFault(chunk) ? JobEnd.Refused : JobEnd.Failed, doom), effects);
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
        (IsComparison(chunk) ? IsOneOfComparisons(chunk) : Fresh.WasIssued(chunk)) && attempt >= 1
        && attempt <= (Troubles.GetValueOrDefault(chunk) ?? ChunkTrouble.None).Attempts;

    private bool Fits(long chunk, ProbeValues values) =>
        Tile(chunk) is var tile
        && values.FirstProbe == tile.FirstProbe
        && values.Count == Spec.Estimator.RowsOf(tile.Probes) * (IsComparison(chunk) ? 2 : 1)
        && values.Columns == Replica!.Columns
        && values.Weight >= 0 && double.IsFinite(values.Weight)
        && (values.Spread is not { } spread || (values.Count > 1 && spread.Columns == values.Columns));

    /// <summary>What is wrong with a result; null where it is one.</summary>
    private (string What, SetbackKind Kind)? ProblemWith(ChunkDone done)
    {
        if (!Fits(done.Chunk, done.Values)) return ("the result has another shape", SetbackKind.Failed);
        return done.Values.FirstNotFinite(Replica!.Blocks) is { } what ? (what, SetbackKind.Hopeless) : null;
    }
}
