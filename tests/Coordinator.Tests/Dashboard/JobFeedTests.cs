using System.Text.Json;
using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.Dashboard;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Coordinator.Tests.Scheduling;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Statistics;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Tests.Dashboard;

/// <summary>What is looked at, how often, and what is made of it.</summary>
public sealed class JobFeedTests
{
    [Fact]
    public async Task It_looks_once_a_second_and_four_times_while_somebody_watches()
    {
        var time = new ManualTime();
        await using var feed = new JobFeed(Looks.Job, time);
        int looks = 0;
        using var looked = new SemaphoreSlim(0);
        feed.Follow(_ =>
        {
            looks++;
            looked.Release();
            return Task.FromResult(new JobLook(null, null, [], 1));
        });
        Assert.Equal(1, looks);

        async Task PassAsync(int ticks)
        {
            for (int i = 0; i < ticks; i++)
            {
                time.Pass(JobFeed.WatchedInterval);
                // The tick is taken on another thread.
                await Task.Delay(10);
            }
        }

        await PassAsync(4);
        Assert.True(await looked.WaitAsync(TimeSpan.FromMinutes(1)) && await looked.WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.Equal(2, looks);
        using (feed.Watch())
        {
            for (int i = 0; i < 4; i++)
            {
                await PassAsync(1);
                Assert.True(await looked.WaitAsync(TimeSpan.FromMinutes(1)));
            }
        }

        Assert.Equal(6, looks);
    }

    [Fact]
    public async Task A_coordinator_that_does_not_answer_is_asked_again_and_nobody_is_the_worse_for_it()
    {
        var time = new ManualTime();
        await using var feed = new JobFeed(Looks.Job, time);
        using var watch = feed.Watch();
        int looks = 0;
        feed.Follow(_ => ++looks == 1
            ? Task.FromException<JobLook>(new Akka.Actor.AskTimeoutException("busy"))
            : Task.FromResult(Looks.At(new Schedule().State)));
        var nothing = feed.Latest;
        Assert.Equal("starting", nothing.View().GetProperty("phase").GetString());

        time.Pass(JobFeed.WatchedInterval);
        await feed.NewerAsync(nothing).WaitAsync(TimeSpan.FromMinutes(1));

        Assert.Equal("preparing", feed.Latest.View().GetProperty("phase").GetString());
    }

    [Fact]
    public async Task It_tells_what_is_known_at_each_stage_up_to_the_report()
    {
        await using var feed = new JobFeed(Looks.Job, new ManualTime());
        var schedule = Schedule.Begun(null, Schedule.A, Schedule.B).Asks(Schedule.A, 2).Delivers(Schedule.A, 0);
        feed.Follow(_ => Task.FromResult(Looks.At(schedule.State, merged: 1)));

        var running = feed.Latest.View();
        Assert.Equal("running", running.GetProperty("phase").GetString());
        Assert.Equal("The trace of the Hessian of fake", running.GetProperty("title").GetString());
        Assert.Equal(10, running.GetProperty("trace").GetProperty("probes").GetInt64());
        Assert.Equal(3.5, running.GetProperty("progress").GetProperty("secondsLeft").GetDouble());
        Assert.Equal("""{"done":1,"left":4,"inFlight":1,"reissued":0,"copies":0,"failed":0,"duplicates":0,"disagreements":0}""",
            running.GetProperty("chunks").GetRawText());
        Assert.Equal(["first.weight", "second.weight"], running.GetProperty("blocks").EnumerateArray().Select(block => block.GetProperty("name").GetString()));

        var result = Looks.Result(schedule.State);
        feed.Finished(result);
        Assert.Equal("finishing", feed.Latest.View().GetProperty("phase").GetString());
        Assert.False(feed.Latest.IsLast);

        var report = Looks.Report(result);
        feed.Ended(report);
        var ended = feed.Latest.View();
        Assert.True(feed.Latest.IsLast);
        Assert.Equal("ended", ended.GetProperty("phase").GetString());
        Assert.Equal(report.Trace, ended.GetProperty("trace").GetProperty("trace").GetDouble());
        Assert.Equal(report.StandardError, ended.GetProperty("trace").GetProperty("standardError").GetDouble());
        Assert.Equal(12, ended.GetProperty("exactTrace").GetDouble());
        Assert.Equal("After all 40 probes.", ended.GetProperty("end").GetProperty("text").GetString());
        Assert.Equal(running.GetProperty("run").GetGuid(), ended.GetProperty("run").GetGuid());
    }

    [Fact]
    public async Task A_job_that_has_no_report_has_ended_when_its_feed_does()
    {
        var feed = new JobFeed(Looks.Job, new ManualTime());

        await feed.DisposeAsync();

        Assert.True(feed.Latest.IsLast);
        Assert.Equal("It ended without a result.", feed.Latest.View().GetProperty("end").GetProperty("text").GetString());
    }

    [Fact]
    public async Task A_job_that_runs_beside_the_one_that_is_shown_is_not_shown()
    {
        await using var feed = new JobFeed(Looks.Job, new ManualTime());
        var beside = new Schedule(new JobSpec { Estimator = Estimator.Exact }).State;

        feed.Follow(_ => Task.FromResult(Looks.At(beside)));

        Assert.Equal("starting", feed.Latest.View().GetProperty("phase").GetString());
    }

    [Fact]
    public async Task A_thousand_workers_and_a_million_chunks_are_no_more_than_a_page_can_show()
    {
        await using var feed = new JobFeed(Looks.Job, new ManualTime());
        WorkerKey[] workers = [.. Enumerable.Range(1, 1000).Select(i => new WorkerKey($"w{i}", 1))];
        var schedule = Schedule.Begun(null, workers).Happens(new WorkerLost(workers[700], WorkerInJob.Unreachable));
        var history = new EstimateHistory();
        for (long chunk = 1; chunk <= 1_000_000; chunk++) history.Offer(chunk, new Moments(chunk, 12, chunk));
        feed.Follow(_ => Task.FromResult(new JobLook(schedule.State, null, history)));

        var view = feed.Latest.View();

        var shown = view.GetProperty("workers");
        Assert.Equal("""[{"state":"unreachable","count":1},{"state":"ready","count":999}]""", shown.GetProperty("states").GetRawText());
        Assert.Equal((WorkerStates.MaxRows, 950), (shown.GetProperty("rows").GetArrayLength(), shown.GetProperty("more").GetInt32()));
        Assert.Equal("w701", shown.GetProperty("rows")[0].GetProperty("id").GetString());
        Assert.Equal("w1", shown.GetProperty("rows")[1].GetProperty("id").GetString());
        Assert.Equal(
            ["999 workers verified the replica", "The first chunks were sent to workers", "w701 cannot be reached"],
            view.GetProperty("news").EnumerateArray().Select(item => item.GetProperty("text").GetString()).Order());
        Assert.True(feed.Latest.Json.Length < 20_000, $"{feed.Latest.Json.Length} bytes");
        var points = JsonDocument.Parse(feed.Latest.History(0)).RootElement.GetProperty("points");
        Assert.InRange(points.GetArrayLength(), 250, 500);
    }
}
