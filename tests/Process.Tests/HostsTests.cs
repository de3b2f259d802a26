using ActorHutch.Process.Tests.Network;
using ActorHutch.Process.Tests.Programs;

namespace ActorHutch.Process.Tests;

/// <summary>Hosts of their own, whose links are cut. Needs root and iproute2.</summary>
public sealed class HostsTests(LocalReference local)
{
    private const string Port = ":4053";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_link_that_is_cut_and_mended_changes_nothing(bool untilGivenUp)
    {
        using var hosts = Hosts.MakeOrSkip(3);
        await using var coordinator = ProgramRun.Start(
            "actorhutch", hosts.Name(0),
            [.. TestCluster.Job, "--cluster", "--min-workers", "2", "--insecure", "--log-level", "information",
             "--listen", "0.0.0.0" + Port, "--advertise", Hosts.Address(0) + Port]);
        await using var steady = Worker(hosts, 1);
        await using var cut = Worker(hosts, 2);
        await coordinator.LogsAsync("probes done");

        // Longer than the failure detector allows; or so long that the coordinator goes on without it, and it joins anew.
        hosts.CutLink(2);
        await coordinator.LogsAsync("Worker host-2 cannot be reached");
        if (untilGivenUp) await coordinator.LogsAsync("is given up");
        hosts.MendLink(2);
        if (!untilGivenUp) await coordinator.LogsAsync("can be reached again");
        Assert.Equal(0, await coordinator.ExitAsync());

        var report = JobReport.Of(coordinator);
        Assert.Equal(local.Bits, report.Bits);
        Assert.InRange(report.Chunks("reissued"), 1, 10);
        Assert.Equal(0, report.Chunks("disagreements"));
        await steady.LogsAsync("The coordinator is at");
        if (untilGivenUp) await cut.LogsAsync("looking for it again");
    }

    private static ProgramRun Worker(Hosts hosts, int host) => ProgramRun.Start(
        "actorhutch-worker", hosts.Name(host),
        "--seed-nodes", Hosts.Address(0) + Port, "--listen", Hosts.Address(host) + ":0", "--insecure",
        "--device", "cpu", "--id", $"host-{host}");
}
