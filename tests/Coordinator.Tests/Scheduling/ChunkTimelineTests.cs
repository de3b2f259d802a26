using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature;
using ActorHutch.Fakes;
using ActorHutch.Shared.Messages;

namespace ActorHutch.Coordinator.Tests.Scheduling;

public class ChunkTimelineTests
{
    private static readonly Guid Job = Guid.NewGuid();

    private readonly ChunkTimeline _timeline = new(Job);
    private ChunkSet _done = ChunkSet.Empty;

    [Fact]
    public void A_chunk_ran_for_as_long_as_its_computation_took_before_its_answer_came()
    {
        Issue(Schedule.A, 0, 1, 0.5);
        Done(Schedule.A, 0, 1, compute: 2, now: 3);

        var entry = Assert.Single(_timeline.At(9).Entries);
        Assert.Equal(new TimelineEntry(0, 1, Schedule.A, 1, 3, AttemptFate.Accepted), entry);
    }

    [Fact]
    public void A_worker_computes_one_chunk_at_a_time_whatever_its_clock_says()
    {
        Issue(Schedule.A, 0, 1, 0);
        Issue(Schedule.A, 1, 1, 0);
        Done(Schedule.A, 0, 1, compute: 5, now: 2);
        Done(Schedule.A, 1, 1, compute: 5, now: 3);

        Assert.Equal([(0, 2), (2, 3)], _timeline.At(9).Entries.Select(entry => (entry.Start, entry.End)));
    }

    [Fact]
    public void A_lost_workers_chunk_is_told_from_the_attempt_that_took_its_place_and_a_late_copy_from_the_first()
    {
        Issue(Schedule.A, 0, 1, 0);
        _timeline.Note(new WorkerLost(Schedule.A, "it stopped"), _done.Contains, 1);
        Issue(Schedule.B, 0, 2, 1);
        Issue(Schedule.A, 0, 3, 1);
        Done(Schedule.B, 0, 2, compute: 1, now: 3);
        Done(Schedule.A, 0, 3, compute: 1, now: 4);
        Issue(Schedule.B, 1, 1, 4);

        Assert.Equal(
            [(1, AttemptFate.Unanswered), (2, AttemptFate.Accepted), (3, AttemptFate.Duplicate), (1, AttemptFate.Unanswered)],
            _timeline.At(5).Entries.Select(entry => (entry.Attempt, entry.Fate)));
    }

    [Fact]
    public void A_failure_is_kept_and_what_was_never_issued_is_not()
    {
        Issue(Schedule.A, 0, 1, 0);
        Said(Schedule.B, new ChunkFailed(Job, 0, 1, "not mine", true), 1);
        Said(Schedule.A, new ChunkFailed(Guid.NewGuid(), 0, 1, "another run's", true), 1);
        Said(Schedule.A, new ChunkFailed(Job, 7, 1, "never issued", true), 1);
        Said(Schedule.A, new ChunkFailed(Job, 0, 1, "no memory", true), 2);

        Assert.Equal(AttemptFate.Failed, Assert.Single(_timeline.At(5).Entries).Fate);
    }

    [Fact]
    public void What_earlier_runs_accepted_comes_first_where_its_time_is_known()
    {
        var earlier = new WorkerKey("a", 1);
        AcceptedChunk Accepted(long chunk, double? at, int attempt = 1) =>
            new(chunk, earlier, "cpu", 0, 2, 0, FakeQuadraticForm.Values(0, chunk * 10, 10)) { AcceptedAt = at, Attempt = attempt };

        var timeline = new ChunkTimeline(Job, [Accepted(0, 3), Accepted(1, 4, attempt: 2), Accepted(2, null)]);
        timeline.Issued(Schedule.A, new RunChunk(Job, 3, 1, new Tile(30, 10, 0, 4)), 4);
        timeline.Note(new WorkerSaid(Schedule.A, Result(3, 1, 5)), _done.Contains, 6);

        Assert.Equal(
            [
                new TimelineEntry(0, 1, earlier, 1, 3, AttemptFate.Accepted),
                // Not before the worker was free.
                new TimelineEntry(1, 2, earlier, 3, 4, AttemptFate.Accepted),
                new TimelineEntry(3, 1, Schedule.A, 4, 6, AttemptFate.Accepted),
            ],
            timeline.At(9).Entries);
    }

    [Fact]
    public void Beyond_its_limit_it_counts()
    {
        var timeline = new ChunkTimeline(Job, limit: 3);
        for (int chunk = 0; chunk < 10; chunk++)
        {
            timeline.Issued(Schedule.A, new RunChunk(Job, chunk, 1, new Tile(chunk * 10, 10, 0, 4)), chunk);
            timeline.Note(new WorkerSaid(Schedule.A, Result(chunk, 1, 0.5)), _done.Contains, chunk + 1);
        }

        var kept = timeline.At(20);
        Assert.Equal((3, 7L), (kept.Entries.Count, kept.LeftOut));
    }

    private void Issue(WorkerKey worker, long chunk, int attempt, double now) =>
        _timeline.Issued(worker, new RunChunk(Job, chunk, attempt, new Tile(chunk * 10, 10, 0, 4)), now);

    private void Done(WorkerKey worker, long chunk, int attempt, double compute, double now)
    {
        Said(worker, Result(chunk, attempt, compute), now);
        _done = _done.Add(chunk);
    }

    private void Said(WorkerKey worker, IJobMessage message, double now) =>
        _timeline.Note(new WorkerSaid(worker, message), _done.Contains, now);

    private static ChunkDone Result(long chunk, int attempt, double compute) =>
        new(Job, chunk, attempt, FakeQuadraticForm.Values(0, chunk * 10, 10), compute, 0);
}
