using ActorHutch.Process.Tests.Programs;
using ActorHutch.Tls;

namespace ActorHutch.Process.Tests;

/// <summary>What the programs log where all is well, or no more has happened than that a worker went.</summary>
public sealed class EndTests : IDisposable
{
    private readonly Certificates _certificates = new();

    public void Dispose() => _certificates.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_job_that_is_done_leaves_no_warning_and_workers_say_what_they_did(bool secured)
    {
        var tls = Tls(secured);
        await using var cluster = new TestCluster();
        var coordinator = cluster.Coordinator(["--min-workers", "2", .. tls]);
        var stays = cluster.Worker("stays", ["--join-timeout", "5", .. tls]);
        var goes = cluster.Worker("goes", ["--until-job-done", .. tls]);

        Assert.Equal(0, await coordinator.ExitAsync());
        Assert.Equal(0, await stays.ExitAsync());
        Assert.Equal(0, await goes.ExitAsync());

        foreach (var run in (ProgramRun[])[coordinator, stays, goes])
            Assert.DoesNotContain(run.Log, line => line.Contains(" WRN ", StringComparison.Ordinal) || line.Contains(" ERR ", StringComparison.Ordinal));
        foreach (var (run, id) in ((ProgramRun, string)[])[(stays, "stays"), (goes, "goes")])
        {
            // The estimate's job, and that of the exact trace beside it.
            Assert.Equal(2, run.Log.Count(line => line.Contains($"Worker {id} is done with job", StringComparison.Ordinal)));
            Assert.Single(run.Log, line => line.Contains("The coordinator's work is done", StringComparison.Ordinal));
        }

        Assert.Matches(@"chunks: \d+, probes: \d+, computed for [\d.]+ s$", stays.Log.First(line => line.Contains("is done with job", StringComparison.Ordinal)));
        // Each chunk's probes once, and those of the few that were copied near the end once more.
        Assert.InRange(Probes(stays) + Probes(goes), 6000, 6000 + (10 * 20));
        Assert.Equal("No other coordinator came in 5 s: this worker ends.", stays.Log[^1]);
        // Between its work's end and its own it says where it looks for the next one.
        Assert.Single(stays.Log.SkipWhile(line => !line.Contains("work is done", StringComparison.Ordinal)).Skip(1).SkipLast(1));
        Assert.EndsWith("this worker ends", goes.Log[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_worker_that_dies_and_one_that_leaves_are_a_line_each(bool secured)
    {
        var tls = Tls(secured);
        await using var cluster = new TestCluster();
        var coordinator = cluster.Coordinator(["--min-workers", "3", .. tls]);
        string[] ids = ["steady", "dying", "leaving"];
        var workers = ids.ToDictionary(id => id, id => cluster.Worker(id, tls));
        await coordinator.LogsAsync("probes done");

        workers["leaving"].Signal(15);
        await coordinator.LogsAsync("Worker leaving is gone: it left");
        workers["dying"].Signal(9);
        await coordinator.LogsAsync("Worker dying cannot be reached; its chunks go to others");
        Assert.Equal(0, await coordinator.ExitAsync());

        string[] after = [.. coordinator.Log.SkipWhile(line => !line.Contains("probes done", StringComparison.Ordinal))];
        Assert.Single(after, line => line.Contains("leaving", StringComparison.Ordinal));
        Assert.Single(after, line => line.Contains("dying", StringComparison.Ordinal));
        Assert.Single(after, line => line.Contains(" WRN ", StringComparison.Ordinal) || line.Contains(" ERR ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_command_that_a_coordinator_prints_starts_a_worker_for_it(bool secured)
    {
        const string Says = "The job begins with the first worker; this starts one: actorhutch ";
        await using var cluster = new TestCluster();
        var coordinator = cluster.Coordinator(Tls(secured));
        await coordinator.LogsAsync(Says);
        string line = coordinator.Log.Single(line => line.StartsWith(Says, StringComparison.Ordinal));

        await using var worker = ProgramRun.Start("actorhutch", null, [.. line[Says.Length..].Split(' '), "--until-job-done"]);

        Assert.Equal(0, await coordinator.ExitAsync());
        Assert.Equal(0, await worker.ExitAsync());
    }

    private static long Probes(ProgramRun worker) => worker.Log
        .Where(line => line.Contains(" probes: ", StringComparison.Ordinal))
        .Sum(line => long.Parse(line.Split(" probes: ")[1].Split(',')[0], null));

    private string[] Tls(bool secured)
    {
        if (!secured) return [];
        var files = _certificates.Good();
        return ["--tls-cert", files.Certificate!, "--tls-key", files.Key!, "--tls-ca", files.Authority!];
    }
}
