using System.Net;
using System.Net.Sockets;
using ActorHutch.Process.Tests.Programs;

namespace ActorHutch.Process.Tests;

/// <summary>Ports that another process listens on, and addresses that are not this machine's.</summary>
public sealed class PortTests
{
    [Theory]
    [InlineData("actorhutch --cluster --listen {0}", "actorhutch --cluster --listen {0}", "listen")]
    [InlineData("actorhutch --cluster --listen {0}", "actorhutch-worker --seed-nodes {0} --listen {0}", "listen")]
    [InlineData("actorhutch-worker --seed-nodes 127.0.0.1:9 --listen {0}", "actorhutch --cluster --listen {0}", "listen")]
    [InlineData("actorhutch --cluster --listen 127.0.0.1:0 --dashboard {0}", "actorhutch --dashboard {0}", "dashboard")]
    [InlineData("actorhutch --cluster --listen 127.0.0.1:0 --health {0}", "actorhutch --cluster --listen {0}", "listen")]
    [InlineData("actorhutch --cluster --listen {0}", "actorhutch-worker --seed-nodes {0} --health {0}", "health")]
    public async Task Of_two_programs_on_one_port_the_second_is_refused_and_told_who_listens(string first, string second, string option)
    {
        string address = TestCluster.Loopback(TestCluster.FreePort());
        await using var listening = Start(first, address);
        await ListensAsync(address, listening);

        await using var refused = Start(second, address);

        Assert.Equal(2, await refused.ExitAsync());
        string who = OperatingSystem.IsLinux() ? $"process {listening.Id} ({first.Split(' ')[0]})" : "another process";
        Assert.Equal(
            [$"--{option} {address}: must be a free port, and {who} listens there: name another port, or end that process."],
            refused.Log);
    }

    [Fact]
    public async Task Of_two_coordinators_that_start_together_one_runs_and_the_other_is_refused()
    {
        string address = TestCluster.Loopback(TestCluster.FreePort());
        const string Program = "actorhutch --cluster --join-timeout 30 --log-level information --listen {0}";
        ProgramRun[] runs = [Start(Program, address), Start(Program, address)];
        await using var first = runs[0];
        await using var second = runs[1];

        var refused = await Task.WhenAny(runs.Select(async run => (Run: run, Code: await run.ExitAsync()))).Unwrap();
        var other = runs.Single(run => run != refused.Run);
        await other.LogsAsync("The coordinator's node is");

        Assert.Equal(2, refused.Code);
        Assert.Contains(refused.Run.Log, line => line.StartsWith($"--listen {address}: must be a free port", StringComparison.Ordinal));
        Assert.DoesNotContain(refused.Run.Log, line => line.Contains("   at ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_address_of_another_machine_is_refused()
    {
        // Of a network that is for documentation alone.
        await using var refused = Start("actorhutch --cluster --insecure --listen {0}", "192.0.2.1:4053");

        Assert.Equal(2, await refused.ExitAsync());
        Assert.Equal(["--listen 192.0.2.1:4053: must be an address of this machine."], refused.Log);
    }

    private static ProgramRun Start(string commandLine, string address)
    {
        string[] words = commandLine.Replace("{0}", address, StringComparison.Ordinal).Split(' ');
        return ProgramRun.Start(words[0], null, words[1..]);
    }

    private static async Task ListensAsync(string address, ProgramRun program)
    {
        while (true)
        {
            Assert.True(program.IsRunning, program.ToString());
            using var caller = new TcpClient();
            try
            {
                await caller.ConnectAsync(IPEndPoint.Parse(address), TestContext.Current.CancellationToken);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }
        }
    }
}
