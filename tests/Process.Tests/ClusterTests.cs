using System.Net;
using System.Text.Json;
using ActorHutch.Process.Tests.Programs;

namespace ActorHutch.Process.Tests;

/// <summary>Real processes on loopback, when all goes well.</summary>
public sealed class ClusterTests(LocalReference local)
{
    [Fact]
    public async Task Three_workers_give_the_bits_of_one()
    {
        await using var cluster = new TestCluster();
        var coordinator = cluster.Coordinator("--min-workers", "3", "--verify-fraction", "0.05");
        var workers = new[] { "a", "b", "c" }.Select(id => cluster.Worker(id, "--until-job-done")).ToArray();

        Assert.Equal(0, await coordinator.ExitAsync());

        var report = JobReport.Of(coordinator);
        Assert.Equal(local.Bits, report.Bits);
        Assert.Equal(["a", "b", "c"], report.Workers);
        Assert.Equal(300, report.Chunks("completed"));
        Assert.InRange(report.Chunks("verified"), 1, 50);
        Assert.Equal(0, report.Chunks("disagreements"));
        var times = report.Json.GetProperty("workers").EnumerateArray().ToArray();
        Assert.All(times, worker => Assert.True(worker.GetProperty("computeSeconds").GetDouble() > 0));
        Assert.All(times, worker => Assert.True(worker.GetProperty("warmUpSeconds").GetDouble() > 0));
        Assert.Equal(1, times.Sum(worker => worker.GetProperty("share").GetDouble()), 12);
        foreach (var worker in workers) Assert.Equal(0, await worker.ExitAsync());
    }

    [Fact]
    public async Task Every_line_of_every_log_looks_alike_Akkas_last_ones_too()
    {
        await using var cluster = new TestCluster();
        var coordinator = cluster.Coordinator("--min-workers", "2", "--quiet");
        var (text, json) = (cluster.Worker("a", "--until-job-done"), cluster.Worker("b", "--until-job-done", "--log-format", "json"));

        foreach (var program in (ProgramRun[])[coordinator, text, json]) Assert.Equal(0, await program.ExitAsync());

        Assert.Contains(coordinator.Log, line => line.Contains("ended: Completed", StringComparison.Ordinal));
        Assert.All(coordinator.Log.Concat(text.Log), line => Assert.Matches(@"^\d\d:\d\d:\d\d\.\d{3} [A-Z]{3} \S", line));
        Assert.NotEmpty(json.Log);
        Assert.All(json.Log, line => Assert.Equal(JsonValueKind.String, JsonDocument.Parse(line).RootElement.GetProperty("@m").ValueKind));
        // A line for each thing worth knowing: 300 chunks are computed, and none has one. How often it is told how far the
        // job is, and whether heartbeats are late, is the machine's doing.
        Assert.InRange(
            coordinator.Log.Concat(text.Log).Concat(json.Log).Count(line =>
                !line.Contains("probes done", StringComparison.Ordinal) && !line.Contains("heartbeat", StringComparison.OrdinalIgnoreCase)),
            3, 60);
    }

    [Fact]
    public async Task A_worker_is_ready_once_its_replica_is_verified_and_until_it_leaves()
    {
        await using var cluster = new TestCluster();
        string health = TestCluster.Loopback(TestCluster.FreePort());
        var worker = cluster.Worker("a", "--health", health);
        await Health.IsAsync(health, "live", HttpStatusCode.OK);
        await Health.IsAsync(health, "ready", HttpStatusCode.ServiceUnavailable);

        string coordinatorHealth = TestCluster.Loopback(TestCluster.FreePort());
        // It waits for a second worker, so nothing is computed while the test looks.
        var coordinator = cluster.Coordinator("--min-workers", "2", "--health", coordinatorHealth);
        await Health.IsAsync(coordinatorHealth, "ready", HttpStatusCode.OK);
        await Health.IsAsync(health, "ready", HttpStatusCode.OK);

        worker.Signal(15);
        await coordinator.LogsAsync("Worker a is gone: it left");
        Assert.Equal(0, await worker.ExitAsync());
        coordinator.Signal(15);
        Assert.Equal(130, await coordinator.ExitAsync());
    }

    [Fact]
    public async Task Too_few_workers_end_the_wait_with_who_is_there()
    {
        await using var cluster = new TestCluster();
        var coordinator = cluster.Coordinator("--min-workers", "2", "--join-timeout", "30");
        cluster.Worker("lonely");

        Assert.Equal(3, await coordinator.ExitAsync());

        Assert.Contains("2 workers are needed, and after waiting 30 s there is 1: lonely.", coordinator.Log);
    }

    [Fact]
    public async Task A_coordinator_that_cannot_join_says_what_it_found()
    {
        await using var cluster = new TestCluster();
        string nobody = TestCluster.Loopback(TestCluster.FreePort());
        var coordinator = cluster.Coordinator("--seed-nodes", nobody, "--join-timeout", "2");

        Assert.Equal(3, await coordinator.ExitAsync());

        Assert.StartsWith(
            $"This node could not join a cluster in 2 s. {nobody}: connection refused, no program listens there. Start a coordinator there",
            coordinator.Log[^1], StringComparison.Ordinal);
    }
}
