using System.Net;
using System.Net.Sockets;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Security;
using ActorHutch.Shared.Tests.Security;

namespace ActorHutch.Shared.Tests.Hosting;

/// <summary>What is found at the addresses of seed nodes, with and without TLS.</summary>
public sealed class SeedNodesTests : IDisposable
{
    /// <summary>Longer than any answer takes: with TLS, a node of Akka.NET 1.5 sometimes answers 15 s late.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Certificates _certificates = new();

    public void Dispose() => _certificates.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_node_that_goes_by_another_name_is_found_by_its_own(bool secured)
    {
        var tls = secured ? _certificates.Good() : TlsFiles.None;
        await using var node = await Node.StartAsync(tls);
        int port = node.Address.Port!.Value;

        var (misnamed, named) = await LookAsync(tls, new HostPort("localhost", port), new HostPort("127.0.0.1", port));

        Assert.True(misnamed.IsMisnamed);
        Assert.Equal($"localhost:{port}: the node there goes by another name, 127.0.0.1:{port}: write --seed-nodes 127.0.0.1:{port}.", misnamed.ToString());
        Assert.False(named.IsMisnamed);
        Assert.Equal($"127.0.0.1:{port}: a node answers by this name.", named.ToString());
    }

    [Theory]
    [InlineData(false, true, "without")]
    [InlineData(true, false, "with")]
    public async Task A_node_with_TLS_and_one_without_do_not_understand_each_other(bool asks, bool answers, string words)
    {
        await using var node = await Node.StartAsync(answers ? _certificates.Good() : TlsFiles.None);
        var seed = new HostPort("127.0.0.1", node.Address.Port!.Value);

        var (found, _) = await LookAsync(asks ? _certificates.Good() : TlsFiles.None, seed, seed);

        Assert.Null(found.Name);
        Assert.Contains($"127.0.0.1 listens somebody who does not speak as a node {words} TLS does", found.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nobody_listens_or_no_node_does_that_is_said()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var hangsUp = Task.Run(async () =>
        {
            using var caller = await listener.AcceptTcpClientAsync();
            await caller.GetStream().WriteAsync("220 mail ready\r\n"u8.ToArray());
        }, TestContext.Current.CancellationToken);

        var (nobody, another) = await LookAsync(
            TlsFiles.None, new HostPort("127.0.0.1", FreePort()), new HostPort("127.0.0.1", port));
        await hangsUp;

        Assert.Equal("at 127.0.0.1 nobody listens", nobody.What);
        Assert.Equal("at 127.0.0.1 listens somebody who does not speak as a node without TLS does", another.What);
    }

    [Fact]
    public async Task A_name_that_nobody_has_is_said()
    {
        var seed = new HostPort("no-such-host.invalid", 4053);

        var (found, _) = await LookAsync(TlsFiles.None, seed, seed);

        Assert.StartsWith("there is no such name (", found.What, StringComparison.Ordinal);
    }

    private static async Task<(SeedFinding First, SeedFinding Second)> LookAsync(TlsFiles tls, HostPort first, HostPort second)
    {
        var found = await SeedNodes.LookAsync(
            new NodeSettings
            {
                Role = NodeSettings.WorkerRole,
                Listen = new HostPort("127.0.0.1", 0),
                SeedNodes = [first, second],
                Tls = tls,
            },
            Patience,
            TestContext.Current.CancellationToken);
        return (found[0], found[1]);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
