using System.Globalization;
using ActorHutch.Process.Tests.Programs;

namespace ActorHutch.Process.Tests;

/// <summary>Coordinators that are killed half-way, and others that go on with the same state directory.</summary>
public sealed class ResumeTests(LocalReference local) : IDisposable
{
    private const int Chunks = 300;
    private readonly string _state = Directory.CreateTempSubdirectory("actorhutch-").FullName;

    public void Dispose() => Directory.Delete(_state, recursive: true);

    [Fact]
    public async Task Local_mode_goes_on_with_the_same_bits()
    {
        await using (var killed = Local("--log-level", "debug"))
        {
            await killed.LogsAsync("more written to the journal", times: 10);
            killed.Signal(9);
            Assert.Equal(137, await killed.ExitAsync());
        }

        await using var resumed = Local();
        Assert.Equal(0, await resumed.ExitAsync());

        AssertWhole(resumed);
        await using var again = Local();
        Assert.Equal(0, await again.ExitAsync());
        Assert.Equal(JobReport.Of(resumed).WithoutRun, JobReport.Of(again).WithoutRun);
        Assert.Equal(Chunks, Kept(again));
    }

    [Fact]
    public async Task A_coordinator_of_a_cluster_goes_on_with_the_same_workers_and_the_same_bits()
    {
        await using var cluster = new TestCluster();
        var killed = cluster.Coordinator("--state", _state);
        cluster.Worker("a");
        cluster.Worker("b");
        await killed.LogsAsync("probes done");
        killed.Signal(9);
        Assert.Equal(137, await killed.ExitAsync());

        var resumed = cluster.Coordinator("--state", _state);
        Assert.Equal(0, await resumed.ExitAsync());

        AssertWhole(resumed);
    }

    [Fact]
    public async Task A_directory_in_use_by_another_process_is_refused()
    {
        await using var user = Local("--log-level", "debug");
        await user.LogsAsync("more written to the journal");

        await using var other = Local();

        Assert.Equal(2, await other.ExitAsync());
        Assert.Contains(other.Log, line => line.Contains("another process is using it", StringComparison.Ordinal));
    }

    private ProgramRun Local(params string[] arguments) => ProgramRun.Start(
        "actorhutch", null, [.. TestCluster.Job, "--workers", "1", "--device", "cpu", "--state", _state, .. arguments]);

    private void AssertWhole(ProgramRun resumed)
    {
        var report = JobReport.Of(resumed);
        Assert.Equal(local.Bits, report.Bits);
        Assert.InRange(Kept(resumed), 1, Chunks - 1);
        Assert.Equal(Chunks, report.Chunks("completed"));
        Assert.Equal(Chunks, report.Json.GetProperty("workers").EnumerateArray().Sum(worker => worker.GetProperty("chunks").GetInt64()));
    }

    /// <summary>How many chunks a program says it found.</summary>
    private static int Kept(ProgramRun run) => int.Parse(
        run.Log.First(line => line.EndsWith("were in the state directory.", StringComparison.Ordinal)).Split(' ')[0],
        CultureInfo.InvariantCulture);
}
