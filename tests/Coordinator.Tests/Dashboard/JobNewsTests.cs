using ActorHutch.Coordinator.Dashboard;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Coordinator.Tests.Scheduling;

namespace ActorHutch.Coordinator.Tests.Dashboard;

/// <summary>What happened between two looks.</summary>
public sealed class JobNewsTests
{
    private static readonly WorkerKey A = Schedule.A, B = Schedule.B;

    [Fact]
    public void Who_joins_who_is_ready_and_that_chunks_are_out()
    {
        var schedule = new Schedule(null, null, A, B);
        Assert.Equal(["a, b joined"], Told(null, schedule));

        var joined = schedule.State;
        schedule.Says(A, Schedule.Ready).Says(B, Schedule.Ready);
        Assert.Equal(["a, b verified the replica", "The first chunks were sent to workers"], Told(joined, schedule));

        var ready = schedule.State;
        Assert.Empty(Told(ready, schedule.Asks(A, 2)));
        Assert.Empty(Told(ready, schedule.Delivers(A, 0)));
    }

    [Fact]
    public void Who_leaves_who_is_lost_and_comes_back_and_what_is_issued_again()
    {
        var schedule = Schedule.Begun(null, A, B).Asks(A, 2);
        var before = schedule.State;
        schedule.Happens(new WorkerLost(A, WorkerInJob.Unreachable)).Asks(B, 2);
        Assert.Equal(["a cannot be reached", "2 chunks issued again"], Told(before, schedule));

        before = schedule.State;
        Assert.Equal(["a is gone: it stopped"], Told(before, schedule.Loses(A)));
        before = schedule.State;
        Assert.Equal(["a came back"], Told(before, schedule.Happens(new WorkerRegistered(A, "cpu"))));
        before = schedule.State;
        Assert.Equal(["b is leaving"], Told(before, schedule.Reports(B, 0, (0, 2), (1, 2))));
        before = schedule.State;
        Assert.Equal(["b left", "2 chunks issued again"], Told(before, schedule.Loses(B).Says(A, Schedule.Ready).Asks(A, 2)).Where(text => text[0] != 'a'));
    }

    [Fact]
    public void Attempts_that_fail()
    {
        var schedule = Schedule.Begun(null, A, B).Asks(A, 2);
        var before = schedule.State;

        Assert.Equal(["1 attempt at a chunk failed"], Told(before, schedule.Fails(A, 0)));
    }

    private static IEnumerable<string> Told(JobState? before, Schedule now) => JobNews.Between(before, now.State).Select(news => news.Text);
}
