using ActorHutch.Process.Tests.Programs;

namespace ActorHutch.Process.Tests;

/// <summary>
/// Eigenvalues, and traces by products, on a real cluster: the example has 15,880 parameters, more than a message holds, so that vectors and products travel as blobs.
/// </summary>
public sealed class EigenvaluesTests : IDisposable
{
    /// <summary>Some 250 products, each the sum of four.</summary>
    private static readonly string[] Job = ["eigenvalues", "--k", "30", "--relative-error", "1e-5", "--shard", "64", "--json"];

    private readonly string _state = Directory.CreateTempSubdirectory("actorhutch-").FullName;

    public void Dispose() => Directory.Delete(_state, recursive: true);

    [Fact]
    public async Task A_worker_and_the_coordinator_are_killed_and_the_bits_are_those_of_one_process()
    {
        await using var local = ProgramRun.Start("actorhutch", null, [.. Job, "--workers", "1", "--device", "cpu"]);
        Assert.Equal(0, await local.ExitAsync());

        await using var cluster = new TestCluster();
        string[] job = [.. Job, "--state", _state];
        var killed = cluster.CoordinatorOf([.. job, "--min-workers", "2"]);
        var (worker, _) = (cluster.Worker("a"), cluster.Worker("b"));
        await killed.LogsAsync("products done");
        worker.Signal(9);
        // No product is whole without its shards, so the job stands still until somebody else is given them.
        await killed.LogsAsync("Worker a cannot be reached");
        killed.Signal(9);
        Assert.Equal(137, await killed.ExitAsync());

        var resumed = cluster.CoordinatorOf(job);
        cluster.Worker("c");
        Assert.Equal(0, await resumed.ExitAsync());

        Assert.Contains(resumed.Log, line => line.EndsWith("were in the state directory.", StringComparison.Ordinal));
        var report = JobReport.Of(resumed);
        Assert.Equal(Bits(JobReport.Of(local)), Bits(report));
        Assert.Contains("a", report.Workers);
        Assert.Equal(0, report.Chunks("disagreements"));
        Assert.Equal(0, report.Chunks("failed"));
    }

    /// <summary>
    /// Three vectors at once; each product is computed by two workers, which must find the same bits, where the second has time for it: a product is
    /// verified only while its vectors are kept, and the job does not wait for that.
    /// </summary>
    [Theory]
    [InlineData("eigenvalues --k 2 --which both")]
    [InlineData("xtrace --probes 26")]
    [InlineData("hutchpp --probes 26")]
    public async Task Products_of_several_vectors_are_verified_over_the_wire(string line)
    {
        string[] options = [.. line.Split(' '), "--v-batch", "3", "--shard", "128", "--json"];
        await using var local = ProgramRun.Start("actorhutch", null, [.. options, "--workers", "1", "--device", "cpu"]);
        Assert.Equal(0, await local.ExitAsync());

        await using var cluster = new TestCluster();
        var coordinator = cluster.CoordinatorOf([.. options, "--min-workers", "2", "--verify-fraction", "1"]);
        foreach (string id in (string[])["a", "b"]) cluster.Worker(id);
        Assert.Equal(0, await coordinator.ExitAsync());

        var report = JobReport.Of(coordinator);
        Assert.Equal(Bits(JobReport.Of(local)), Bits(report));
        Assert.Equal((0L, 0L), (report.Chunks("disagreements"), report.Chunks("failed")));
        Assert.Equal(report.Chunks("completed"), report.Chunks("verified") + report.Chunks("unverified"));
    }

    private static string Bits(JobReport report) =>
        string.Join(' ', ((string[])["eigenvalues", "trace", "standardError", "confidence"]).Select(name => report.Json.GetProperty(name).GetRawText()));
}
