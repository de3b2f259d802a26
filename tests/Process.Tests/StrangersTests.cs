using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using ActorHutch.Process.Tests.Programs;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Messages;
using ActorHutch.Shared.Security;
using ActorHutch.Tls;
using Akka.Actor;
using Akka.Configuration;

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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_bad_connection_costs_no_more_than_a_line(bool secured)
    {
        using var certificates = new Certificates();
        var files = certificates.Good();
        string[] tls = secured ? ["--tls-cert", files.Certificate!, "--tls-key", files.Key!, "--tls-ca", files.Authority!] : [];
        await using var cluster = new TestCluster();
        // Log lines alone.
        var coordinator = cluster.Coordinator(["--quiet", .. tls]);
        await coordinator.LogsAsync("The coordinator's node is");
        var random = new Random(7);
        byte[] noise = new byte[600];
        random.NextBytes(noise);
        byte[][] openings =
        [
            [], [1], noise, [20, 0, 0, 0, .. noise[..20]], [0, 0, 0, 0, 0, 0, 0, 0], [255, 255, 255, 255, .. noise], [100, 0, 0, 0, .. noise[..50]],
            [0, 0, 0, 0x40, .. noise], [.. "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8], [0x16, 3, 1, 2, 0, .. noise[..512]], [0x16, 3, 1, 0, 5, 1, 0, 0, 1, 3],
        ];

        // From the second time on, the same machine has nothing new to say.
        for (int time = 0; time < 3; time++)
        {
            foreach (byte[] opening in openings) await OpenAsync(cluster.Port, opening);
            await HandshakeAsync(cluster.Port);
        }

        coordinator.Signal(15);
        Assert.Equal(130, await coordinator.ExitAsync());
        Assert.All(coordinator.Log, line => Assert.Matches(@"^\d\d:\d\d:\d\d\.\d{3} [A-Z]{3} \S", line));
        Assert.InRange(coordinator.Log.Count(line => line.Contains(" WRN ", StringComparison.Ordinal) || line.Contains(" ERR ", StringComparison.Ordinal)), 1, openings.Length + 1);
    }

    /// <summary>Connects, says something, waits for what comes, and hangs up.</summary>
    private static async Task OpenAsync(int port, byte[] opening)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync(opening, TestContext.Current.CancellationToken);
        client.ReceiveTimeout = 200;
        try
        {
            _ = client.GetStream().Read(new byte[100]);
        }
        catch (IOException)
        {
            // It waits for more, or was reset.
        }
    }

    /// <summary>A client of TLS that has no certificate.</summary>
    private static async Task HandshakeAsync(int port)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
        await using var secured = new SslStream(client.GetStream(), false, (_, certificate, _, _) => certificate is not null);
        using var tooLong = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            await secured.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "" }, tooLong.Token);
            _ = await secured.ReadAsync(new byte[1], tooLong.Token);
        }
        catch (Exception error) when (error is IOException or AuthenticationException or OperationCanceledException)
        {
            // As it should be.
        }
    }

    /// <summary>Registers over TCP from an actor system with the real settings, which is no member of the cluster.</summary>
    private static async Task<WorkerRefused> AskAsync(string address, RegisterWorker registration)
    {
        using var system = RemoteHosting.Create(
            ConfigurationFactory.ParseString("akka { actor.provider = remote, loggers = [], stdout-loglevel = OFF }"), new RemoteSettings(), tls: null);
        var coordinator = system.ActorSelection($"akka.tcp://{ActorHutchSystem.Name}@{address}{CoordinatorAddress.Path}");
        return await coordinator.Ask<WorkerRefused>(registration, TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
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
