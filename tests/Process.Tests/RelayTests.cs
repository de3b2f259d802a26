using ActorHutch.Process.Tests.Network;
using ActorHutch.Process.Tests.Programs;

namespace ActorHutch.Process.Tests;

/// <summary>A slow network that loses connections: everything that any two nodes say to each other goes by a relay.</summary>
public sealed class RelayTests(LocalReference local)
{
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task Delays_and_connections_cut_in_mid_message_change_nothing()
    {
        await using var cluster = new TestCluster();
        int[] ports = [TestCluster.FreePort(), TestCluster.FreePort(), TestCluster.FreePort()];
        await using var toCoordinator = new Relay(cluster.Port, ports[0], Delay);
        var coordinator = cluster.Coordinator(
            "--min-workers", "2", "--listen", TestCluster.Loopback(ports[0]), "--advertise", cluster.Address);
        var relays = new List<Relay> { toCoordinator };
        try
        {
            foreach (int port in ports[1..])
            {
                int advertised = TestCluster.FreePort();
                relays.Add(new Relay(advertised, port, Delay));
                cluster.Worker(
                    $"by-{relays.Count}", "--listen", TestCluster.Loopback(port),
                    "--advertise", TestCluster.Loopback(advertised));
            }

            for (int round = 1; round <= 3; round++)
            {
                await coordinator.LogsAsync("probes done", 2 * round);
                relays.ForEach(relay => relay.Cut());
            }

            Assert.Equal(0, await coordinator.ExitAsync());
        }
        finally
        {
            foreach (var relay in relays.Skip(1)) await relay.DisposeAsync();
        }

        var report = JobReport.Of(coordinator);
        Assert.Equal(local.Bits, report.Bits);
        Assert.Equal(0, report.Chunks("disagreements"));
        Assert.InRange(relays.Sum(relay => relay.Cuts), 3, 1000);
    }
}
