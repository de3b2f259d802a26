using System.Net;
using System.Net.Sockets;
using ActorHutch.Process.Tests.Programs;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Messages;
using ActorHutch.Shared.Security;
using ActorHutch.Shared.Wire;
using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ActorHutch.Process.Tests;

/// <summary>Who does not belong there reaches a coordinator's port while it runs a job.</summary>
public sealed class StrangersTests(LocalReference local)
{
    [Fact]
    public async Task They_are_refused_and_logged_once_and_the_job_is_unharmed()
    {
        await using var cluster = new TestCluster();
        // Two workers, so that nothing is computed before the strangers came.
        var coordinator = cluster.Coordinator("--min-workers", "2");
        cluster.Worker("a");
        await coordinator.LogsAsync("Worker a on cpu registered");

        var old = new RegisterWorker("old", 1, "cpu", null, 1) { Protocol = ProtocolVersion.Current - 1 };
        for (int i = 0; i < 3; i++)
        {
            var refused = await AskAsync(cluster.Address, old);
            Assert.Contains("run the same release of ActorHutch on both", refused.Reason, StringComparison.Ordinal);
        }

        for (int i = 0; i < 3; i++) await SendRandomBytesAsync(cluster.Port);

        cluster.Worker("b");
        Assert.Equal(0, await coordinator.ExitAsync());
        var report = JobReport.Of(coordinator);
        Assert.Equal(local.Bits, report.Bits);
        Assert.Equal(["a", "b"], report.Workers);
        Assert.Single(coordinator.Log, line => line.Contains("Refused a worker: worker old speaks version", StringComparison.Ordinal));
    }

    /// <summary>Registers over TCP from an actor system with the real settings, which is no member of the cluster.</summary>
    private static async Task<WorkerRefused> AskAsync(string address, RegisterWorker registration)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddAkka(ActorHutchSystem.Name, akka => akka
            .AddHocon("akka { actor.provider = remote, loggers = [], stdout-loglevel = OFF }", HoconAddMode.Append)
            .WithActorHutch()
            .WithActorHutchWire(new RemoteSettings(), tls: null));
        using var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        try
        {
            var coordinator = host.Services.GetRequiredService<ActorSystem>()
                .ActorSelection($"akka.tcp://{ActorHutchSystem.Name}@{address}{ActorHutchSystem.CoordinatorPath}");
            return await coordinator.Ask<WorkerRefused>(registration, TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        }
        finally
        {
            await host.StopAsync(CancellationToken.None);
        }
    }

    private static async Task SendRandomBytesAsync(int port)
    {
        byte[] bytes = new byte[10_000];
        new Random(port).NextBytes(bytes);
        // A first length beyond any frame, which ends the connection.
        bytes[3] |= 0x40;
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync(bytes, TestContext.Current.CancellationToken);
        try
        {
            Assert.Equal(0, await client.GetStream().ReadAsync(new byte[1], TestContext.Current.CancellationToken));
        }
        catch (IOException)
        {
            // Reset, with what was not read: as good as closed.
        }
    }
}
