using ActorHutch.Process.Tests.Programs;

namespace ActorHutch.Process.Tests;

/// <summary>Real processes on loopback, when they die, stop, come late and leave early.</summary>
public sealed class FailuresTests(LocalReference local)
{
    [Fact]
    public async Task Workers_die_stop_come_late_and_leave_early_and_the_bits_are_the_same()
    {
        await using var cluster = new TestCluster();
        var coordinator = cluster.Coordinator("--min-workers", "4");
        var steady = cluster.Worker("steady");
        var (killed, stopped, leaving) = (cluster.Worker("killed"), cluster.Worker("stopped"), cluster.Worker("leaving"));
        await coordinator.LogsAsync("probes done");

        // Nobody is left to compute until all of it was noticed, so the job cannot end before.
        leaving.Signal(15);
        killed.Signal(9);
        stopped.Signal(19);
        steady.Signal(19);
        Assert.Equal(0, await leaving.ExitAsync());
        await coordinator.LogsAsync("Worker killed cannot be reached");
        await coordinator.LogsAsync("Worker stopped cannot be reached");
        await coordinator.LogsAsync("Worker steady cannot be reached");
        cluster.Worker("late");
        await coordinator.LogsAsync("Worker late on cpu registered");
        stopped.Signal(18);
        steady.Signal(18);
        Assert.Equal(0, await coordinator.ExitAsync());

        var report = JobReport.Of(coordinator);
        Assert.Equal(local.Bits, report.Bits);
        // The stopped one may have to begin a second life, which is a line of its own.
        Assert.Equal(["late", "killed", "steady", "leaving", "stopped"], report.Workers.Distinct());
        Assert.InRange(report.Chunks("reissued"), 2, 20);
        Assert.Equal(0, report.Chunks("disagreements"));
    }

    [Fact]
    public async Task A_worker_that_crashes_in_a_loop_is_named_and_the_bits_are_the_same()
    {
        await using var cluster = new TestCluster();
        var coordinator = cluster.Coordinator();
        // Alone, so that each of its lives is given chunks, and nobody ends the job meanwhile.
        for (int life = 1; life <= 3; life++)
        {
            var bad = cluster.Worker("bad");
            await coordinator.LogsAsync("Worker bad is ready for job", life);
            bad.Signal(9);
            await bad.ExitAsync();
        }

        cluster.Worker("bad");
        await coordinator.LogsAsync("Worker bad on cpu registered", 4);
        foreach (string good in (string[])["a", "b"]) cluster.Worker(good);
        Assert.Equal(0, await coordinator.ExitAsync());

        var report = JobReport.Of(coordinator);
        Assert.Equal(local.Bits, report.Bits);
        Assert.Contains(
            report.Json.GetProperty("workers").EnumerateArray(),
            worker => worker.GetProperty("id").GetString() == "bad" && worker.GetProperty("problem").GetString() is not null);
    }

    [Fact]
    public async Task With_all_workers_lost_for_good_what_was_accepted_is_reported()
    {
        await using var cluster = new TestCluster();
        var coordinator = cluster.Coordinator("--join-timeout", "30");
        var worker = cluster.Worker("only");
        await coordinator.LogsAsync("probes done");

        worker.Signal(9);
        Assert.Equal(3, await coordinator.ExitAsync());

        var report = JobReport.Of(coordinator).Json;
        Assert.InRange(report.GetProperty("probes").GetInt64(), 20, 7980);
        Assert.Equal("failed", report.GetProperty("stopReason").GetString());
        Assert.StartsWith("1 worker is needed, and after waiting 30 s", report.GetProperty("error").GetString(), StringComparison.Ordinal);
        // What cannot be reached for long has stopped.
        Assert.Matches("\n  only: (its node could not be reached|it stopped)$", report.GetProperty("error").GetString());
    }

    [Fact]
    public async Task A_worker_outlives_its_coordinator()
    {
        await using var cluster = new TestCluster();
        var first = cluster.Coordinator();
        var worker = cluster.Worker("a", "--until-job-done");
        await first.LogsAsync("probes done");

        first.Signal(9);
        await first.ExitAsync();
        var second = cluster.Coordinator();
        Assert.Equal(0, await second.ExitAsync());

        Assert.Equal(local.Bits, JobReport.Of(second).Bits);
        Assert.Equal(0, await worker.ExitAsync());
    }
}
