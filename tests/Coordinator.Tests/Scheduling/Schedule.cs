using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Operators;
using ActorHutch.Fakes;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;

namespace ActorHutch.Coordinator.Tests.Scheduling;

/// <summary>A job's state with the effects of its last event: what the tests of the schedule play with.</summary>
internal sealed class Schedule
{
    public static readonly WorkerKey A = new("a", 1);
    public static readonly WorkerKey B = new("b", 1);
    public static readonly Guid Job = Guid.Parse("00000000-0000-0000-0000-000000000001");

    public static readonly ReplicaReady Ready = new(
        Job, new ReplicaDescription("fake", "00ff", 30, 4), CurvatureMethod.Quadratic, "asked for",
        ["first.weight", "second.weight"], 8, 0.5);

    /// <summary>A job of 5 chunks: 4 of 10 probes and one of 5, and no probes in both precisions.</summary>
    public Schedule(JobSpec? spec = null, JobPolicy? policy = null, params WorkerKey[] workers)
    {
        var start = JobState.Start(
            Job, spec ?? new JobSpec { Probes = 45, VBatch = 10, RoundingProbes = 0 }, policy ?? new JobPolicy(),
            workers.Select(worker => new WorkerRegistered(worker, "cpu")));
        (State, Effects) = (start.State, start.Effects);
    }

    public JobState State { get; private set; }

    public IReadOnlyList<Effect> Effects { get; private set; }

    /// <summary>A job whose workers are all ready and have not asked for anything.</summary>
    public static Schedule Begun(JobPolicy? policy = null, params WorkerKey[] workers)
    {
        var schedule = new Schedule(null, policy, workers);
        foreach (var worker in workers) schedule.Says(worker, Ready);
        return schedule;
    }

    public Schedule Happens(JobEvent happened)
    {
        var transition = State.Apply(happened);
        (State, Effects) = (transition.State, transition.Effects);
        return this;
    }

    public Schedule Says(WorkerKey worker, IJobMessage message) => Happens(new WorkerSaid(worker, message));

    public Schedule Asks(WorkerKey worker, int count = 1) => Says(worker, new RequestWork(Job, count));

    public Schedule Delivers(WorkerKey worker, long chunk, int attempt = 1) => Says(worker, Done(chunk, attempt));

    public Schedule Delivers(WorkerKey worker, ChunkDone done) => Says(worker, done);

    public Schedule Fails(WorkerKey worker, long chunk, int attempt = 1, bool retriable = true) =>
        Says(worker, new ChunkFailed(Job, chunk, attempt, "out of memory", retriable));

    /// <summary>The worker, which has its replica, wants so many chunks and has these: number and attempt.</summary>
    public Schedule Reports(WorkerKey worker, int capacity, params (long Chunk, int Attempt)[] chunks) => Happens(
        new WorkerReported(worker, new WorkerStatus(
            Job, true, capacity, [.. chunks.Select(held => new ChunkAttempt(held.Chunk, held.Attempt))])));

    public Schedule Loses(WorkerKey worker) => Happens(new WorkerLost(worker, "it stopped"));

    public static ChunkDone Done(long chunk, int attempt = 1) => new(
        Job, chunk, attempt, FakeQuadraticForm.Values(0, chunk * 10, chunk == 4 ? 5 : 10), 0.25, 0.125);

    /// <summary>The chunks that the last event sent out: to whom, which, and which attempt.</summary>
    public IEnumerable<(WorkerKey Worker, long Chunk, int Attempt)> Issued => Effects
        .OfType<Send>()
        .Where(send => send.Message is RunChunk)
        .Select(send => (send.Worker, ((RunChunk)send.Message).Chunk, ((RunChunk)send.Message).Attempt));

    public JobOutcome? Outcome => Effects.OfType<Finish>().SingleOrDefault()?.Outcome;
}
