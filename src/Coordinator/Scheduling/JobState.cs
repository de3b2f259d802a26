using System.Collections.Immutable;
using ActorHutch.Curvature;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;

namespace ActorHutch.Coordinator.Scheduling;

/// <summary>How far a job is.</summary>
internal enum JobPhase
{
    /// <summary>Workers prepare their replicas.</summary>
    Preparing,

    /// <summary>Chunks are out.</summary>
    Running,

    /// <summary>It is over.</summary>
    Finished,
}

/// <summary>
/// A job's whole schedule as a value: an event leads to the next state and to effects, and nothing else happens here.
/// </summary>
/// <remarks>
/// Chunks are never listed. Those that are not <see cref="Fresh"/> have been issued; of these, some are done, some are in
/// flight, some wait in <see cref="Reissue"/>. Quadratic forms are not kept here either: see <see cref="ChunkResults"/>.
/// </remarks>
internal sealed partial record JobState
{
    public required Guid Job { get; init; }

    public required JobSpec Spec { get; init; }

    public required JobPolicy Policy { get; init; }

    public JobPhase Phase { get; private init; }

    /// <summary>What most workers said when the job began, to which all must agree; null before.</summary>
    public ReplicaReady? Replica { get; private init; }

    /// <summary>All probes of the job; 0 until they are known, which for an exact trace takes a replica.</summary>
    public long Probes { get; private init; }

    /// <summary>The job's chunks, as tiles; null until the probes are known.</summary>
    public WorkGrid? Grid { get; private init; }

    public long ChunkCount => Grid?.Count ?? 0;

    /// <summary>What there is at most, in the estimator's units: probes of all samples, or shards with all of their probes.</summary>
    public long Units => Spec.Estimator.TakesPart && Grid is not null ? Shards : Probes;

    /// <summary>What a number of chunks is in the same units.</summary>
    public long UnitsOf(long chunks) => Spec.Estimator.TakesPart ? chunks : Math.Min(chunks * Spec.ChunkSize / Shards, Probes);

    /// <summary>What a worker has computed, in the same units.</summary>
    public double ProbesOf(WorkerInJob worker) => (double)worker.ProbesDone / (Spec.Estimator.TakesPart ? Math.Max(1, Probes) : Shards);

    /// <summary>Shards of the samples, 1 where nothing is known of them.</summary>
    public long Shards => Grid?.Shards ?? 1;

    /// <summary>The chunks that were never issued.</summary>
    public FreshChunks Fresh { get; private init; } = FreshChunks.None;

    /// <summary>So many ranges of chunks may go out: all, but where the vectors of a range depend on what those before it came to.</summary>
    public long Released { get; private init; } = long.MaxValue;

    /// <summary>Chunks that have to be issued again.</summary>
    public ImmutableSortedSet<long> Reissue { get; private init; } = [];

    /// <summary>
    /// Attempts without an answer. A chunk that is done may still be here, with an attempt that came second.
    /// </summary>
    public ImmutableDictionary<long, ImmutableArray<Attempt>> InFlight { get; private init; } =
        ImmutableDictionary<long, ImmutableArray<Attempt>>.Empty;

    /// <summary>Chunks that did not go well the first time.</summary>
    public ImmutableDictionary<long, ChunkTrouble> Troubles { get; private init; } =
        ImmutableDictionary<long, ChunkTrouble>.Empty;

    /// <summary>Chunks with a result that another worker has yet to confirm, and who computed them.</summary>
    public ImmutableSortedDictionary<long, WorkerKey> Unconfirmed { get; private init; } =
        ImmutableSortedDictionary<long, WorkerKey>.Empty;

    /// <summary>Chunks with an accepted result.</summary>
    public ChunkSet Done { get; private init; } = ChunkSet.Empty;

    /// <summary>Every worker that ever took part.</summary>
    public ImmutableSortedDictionary<WorkerKey, WorkerInJob> Workers { get; private init; } =
        ImmutableSortedDictionary<WorkerKey, WorkerInJob>.Empty;

    /// <summary>Those of them that have a replica or will soon; counted as they come and go, for there may be many.</summary>
    public int PresentWorkers { get; private init; }

    /// <summary>Those of them that have a replica.</summary>
    public int ReadyWorkers { get; private init; }

    public JobCounts Counts { get; init; } = new();

    /// <summary>Whether there are too few workers and the job gives others time to come.</summary>
    public bool WaitsForWorkers { get; private init; }

    /// <summary>Whether it has waited long enough for more workers, and begins with those that are there.</summary>
    public bool TakesFewer { get; private init; }

    /// <summary>How it ended; null until it did.</summary>
    public JobOutcome? Outcome { get; init; }

    /// <summary>Begins a job with the workers that are there.</summary>
    /// <param name="job">The run.</param>
    /// <param name="spec">What is computed.</param>
    /// <param name="policy">What the job puts up with.</param>
    /// <param name="workers">Who is there.</param>
    /// <param name="recovered">What earlier runs came to; null where there were none.</param>
    public static Transition Start(
        Guid job, JobSpec spec, JobPolicy policy, IEnumerable<WorkerRegistered> workers, RecoveredJob? recovered = null)
    {
        var effects = new List<Effect>();
        var state = new JobState { Job = job, Spec = spec, Policy = policy };
        if (recovered is not null) state = state.Recover(recovered, effects);
        if (state.Phase == JobPhase.Finished) return new Transition(state, effects);
        // A job that had ended has all it needs.
        if (recovered is { HasEnded: true }) return new Transition(state, effects);
        foreach (var worker in workers) state = state.Welcome(worker, effects);
        return new Transition(state.WaitIfNeeded(effects), effects);
    }

    /// <summary>What an event leads to.</summary>
    public Transition Apply(JobEvent happened)
    {
        var effects = new List<Effect>();
        var state = happened switch
        {
            DuplicateCompared compared => OnDuplicateCompared(compared),
            WorkerSaid said when Phase == JobPhase.Finished || said.Message.Job != Job => Stale(),
            _ when Phase == JobPhase.Finished => this,
            WorkerRegistered registered => OnWorkerRegistered(registered, effects),
            WorkerLost lost => Lose(lost.Worker, lost.Reason, effects, crashed: true).AssignAll(effects),
            WorkerSaid said => OnWorkerSaid(said, effects),
            WorkerReported reported => OnWorkerReported(reported, effects),
            IntervalPassed => OnIntervalPassed(effects),
            TurnTaken taken => OnTurnTaken(taken).AssignAll(effects),
            TargetReached => End(new JobOutcome(JobEnd.TargetReached), effects),
            PrecisionLacking lacking => End(new JobOutcome(JobEnd.Imprecise, lacking.What), effects),
            WorkerWaitOver => OnWorkerWaitOver(effects),
            JournalLost lost => End(lost.Outcome, effects),
            MergingFailed failed => End(failed.Outcome, effects),
            InputAtFault changed => End(new JobOutcome(JobEnd.Refused, changed.What), effects),
            InterruptRequested => End(new JobOutcome(JobEnd.Interrupted), effects),
            _ => throw new ArgumentException($"No rule for {happened.GetType().Name}.", nameof(happened)),
        };
        state = state.BeginIfReady(effects).EndIfDone(effects).EndIfRefused(effects);
        return new Transition(state.WaitIfNeeded(effects).ForgetWhatIsOver(), effects);
    }

    private JobState OnWorkerSaid(WorkerSaid said, List<Effect> effects) => said.Message switch
    {
        ReplicaReady ready => OnReplicaReady(said.Worker, ready, effects),
        ReplicaFailed failed => OnReplicaFailed(said.Worker, failed, effects),
        RequestWork request => OnRequestWork(said.Worker, request, effects),
        ChunkDone done => OnChunkDone(said.Worker, done, effects),
        ChunkFailed failed => OnChunkFailed(said.Worker, failed, effects),
        _ => Stale(),
    };

    // The arithmetic of two kinds of device rounds differently, and neither is at fault.
    private JobState OnDuplicateCompared(DuplicateCompared compared) =>
        compared.Agree || !SameKind(compared.First, compared.Second)
            ? this
            : Disagreeing(new Disagreement(compared.Chunk, compared.First, compared.Second));

    private JobState Disagreeing(Disagreement disagreement) =>
        this with { Counts = Counts with { Disagreements = Counts.Disagreements.Add(disagreement) } };

    /// <summary>The first chunk whose vectors are kept: those of the range whose turn it is, and of the one before. 0 where all chunks have their own.</summary>
    private long FirstWithVectors => Spec.Estimator.TakesTurns ? Math.Max(0, Released - 2) * Shards : 0;

    /// <summary>What can no longer be computed again is not verified any more.</summary>
    private JobState OnTurnTaken(TurnTaken taken)
    {
        var state = this with { Released = taken.Released };
        foreach (long chunk in Unconfirmed.Keys.TakeWhile(chunk => chunk < state.FirstWithVectors).ToList())
        {
            state = state with
            {
                Unconfirmed = state.Unconfirmed.Remove(chunk),
                Counts = state.Counts with { Unverified = state.Counts.Unverified + 1 },
            };
        }

        return state;
    }

    private JobState Stale() => this with { Counts = Counts with { Stale = Counts.Stale + 1 } };

    private JobState End(JobOutcome outcome, List<Effect> effects)
    {
        foreach (var (key, worker) in Workers)
        {
            if (worker.Phase != WorkerPhase.Lost) effects.Add(new Send(key, new EndJob(Job)));
        }

        effects.Add(new Finish(outcome));
        return this with
        {
            Phase = JobPhase.Finished,
            Outcome = outcome,
            Reissue = [],
            InFlight = ImmutableDictionary<long, ImmutableArray<Attempt>>.Empty,
            Unconfirmed = Unconfirmed.Clear(),
            Counts = Counts with { Unverified = Counts.Unverified + Unconfirmed.Count },
        };
    }
}
