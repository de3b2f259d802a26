using ActorHutch.Process.Tests.Programs;

namespace ActorHutch.Process.Tests;

/// <summary>Hosts of their own, whose links are cut. Needs root and iproute2.</summary>
public sealed class HostsTests(LocalReference local)
{
    private const string Port = ":4053";
    private static readonly Subnet Subnet = new("ah", "10.213.77.", 24);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_link_that_is_cut_and_mended_changes_nothing(bool untilGivenUp)
    {
        using var hosts = Hosts.MakeOrSkip(Subnet, 3);
        await using var coordinator = ProgramRun.Start(
            "actorhutch", hosts.Name(0),
            [.. TestCluster.Job, "--cluster", "--min-workers", "2", "--insecure", "--log-level", "debug",
             "--listen", "0.0.0.0" + Port, "--advertise", hosts.Address(0) + Port]);
        await using var first = Worker(hosts, 1);
        await using var second = Worker(hosts, 2);
        await coordinator.LogsAsync("probes done");

        // Longer than the failure detector allows; or so long that they are given up, and join anew. Both workers, so
        // that the job cannot end meanwhile.
        hosts.CutLink(1);
        hosts.CutLink(2);
        await coordinator.LogsAsync("Worker host-1 cannot be reached");
        await coordinator.LogsAsync("Worker host-2 cannot be reached");
        if (untilGivenUp) await coordinator.LogsAsync("is given up", times: 2);
        hosts.MendLink(1);
        hosts.MendLink(2);
        Assert.Equal(0, await coordinator.ExitAsync());

        var report = JobReport.Of(coordinator);
        Assert.Equal(local.Bits, report.Bits);
        // Workers that are reached again may answer for what they had before anybody else can take it.
        Assert.InRange(report.Chunks("reissued"), untilGivenUp ? 1 : 0, 10);
        Assert.Equal(0, report.Chunks("disagreements"));
    }

    private static ProgramRun Worker(Hosts hosts, int host) => ProgramRun.Start(
        "actorhutch-worker", hosts.Name(host),
        "--seed-nodes", hosts.Address(0) + Port, "--listen", hosts.Address(host) + ":0", "--insecure",
        "--device", "cpu", "--id", $"host-{host}");
}
