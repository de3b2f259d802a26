using ActorHutch.Metrics;
using ActorHutch.Process.Tests.Programs;

namespace ActorHutch.Process.Tests;

/// <summary>What both programs tell Prometheus where they tell their health.</summary>
public sealed class MetricsTests
{
    private static readonly HttpClient Client = new() { Timeout = TimeSpan.FromSeconds(10) };

    [Fact]
    public async Task Coordinator_and_worker_count_the_same_job()
    {
        await using var cluster = new TestCluster();
        string ofCoordinator = TestCluster.Loopback(TestCluster.FreePort()), ofWorker = TestCluster.Loopback(TestCluster.FreePort());
        var coordinator = cluster.Coordinator("--health", ofCoordinator);
        cluster.Worker("a", "--health", ofWorker);

        var job = await UntilAsync(ofCoordinator, metrics => metrics.GetValueOrDefault("actorhutch_probes_total") > 0);
        var worker = await UntilAsync(ofWorker, _ => true);

        // The worker was asked later, and the coordinator hears of a chunk after it was computed.
        Assert.InRange(job["actorhutch_probes_total"], 20, worker["""actorhutch_worker_probes_total{worker="a"}"""]);
        Assert.InRange(job["actorhutch_chunks_completed_total"], 1, worker["""actorhutch_worker_chunks_total{worker="a"}"""]);
        Assert.Equal(300, job["actorhutch_chunks_completed_total"] + job["actorhutch_chunks_left"]);
        Assert.Equal(1, job["""actorhutch_workers{state="computing"}"""] + job["""actorhutch_workers{state="ready"}"""]);
        Assert.True(job["actorhutch_trace_standard_error"] > 0);
        Assert.InRange(job["actorhutch_trace_estimate"], 6, 18);
        Assert.True(worker["""actorhutch_worker_compute_seconds_total{worker="a"}"""] > 0);
        Assert.True(worker["""actorhutch_worker_wait_seconds_total{worker="a"}"""] >= 0);
        // The example travels with the program.
        Assert.Equal(0, worker["""actorhutch_worker_fetched_bytes_total{worker="a"}"""]);
        coordinator.Signal(15);
        Assert.Equal(130, await coordinator.ExitAsync());
    }

    /// <summary>Asks until the answer is the one that is waited for.</summary>
    private static async Task<Dictionary<string, double>> UntilAsync(string address, Func<Dictionary<string, double>, bool> holds)
    {
        using var tooLong = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while (true)
        {
            try
            {
                var metrics = PrometheusText.Read(await Client.GetStringAsync(new Uri($"http://{address}/metrics"), tooLong.Token));
                if (holds(metrics)) return metrics;
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }

            await Task.Delay(50, tooLong.Token);
        }
    }
}
