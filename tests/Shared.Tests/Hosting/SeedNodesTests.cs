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
        await using var node = Node.Start(tls);
        int port = node.Address.Port!.Value;

        var (misnamed, named) = await LookAsync(tls, new HostPort("localhost", port), new HostPort("127.0.0.1", port));

        Assert.True(misnamed.Lasts);
        Assert.Equal($"localhost:{port}: the node there has another name, 127.0.0.1:{port}. Write --seed-nodes 127.0.0.1:{port}.", misnamed.ToString());
        Assert.False(named.Lasts);
        Assert.Equal("a node with this name answers, but did not accept this node", named.What);
    }

    [Theory]
    [InlineData(false, true, "what listens there uses TLS, and this node does not")]
    [InlineData(true, false, "the node there does not use TLS, and this node does")]
    public async Task Of_a_node_with_TLS_and_one_without_it_is_said_which_has_none(bool asks, bool answers, string what)
    {
        await using var node = Node.Start(answers ? _certificates.Good() : TlsFiles.None);
        var seed = new HostPort("127.0.0.1", node.Address.Port!.Value);

        var (found, _) = await LookAsync(asks ? _certificates.Good() : TlsFiles.None, seed, seed);

        Assert.Null(found.Name);
        Assert.True(found.Lasts);
        Assert.Equal(what, found.What);
        Assert.Contains("--tls-cert, --tls-key and --tls-ca", found.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nobody_listens_or_no_node_does_that_is_said()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var hangsUp = Task.Run(async () =>
        {
            // Whether TLS is spoken there is a second question.
            for (int time = 0; time < 2; time++)
            {
                using var caller = await listener.AcceptTcpClientAsync();
                await caller.GetStream().WriteAsync("220 mail ready\r\n"u8.ToArray());
            }
        }, TestContext.Current.CancellationToken);

        var (nobody, another) = await LookAsync(
            TlsFiles.None, new HostPort("127.0.0.1", FreePort()), new HostPort("127.0.0.1", port));
        await hangsUp;

        Assert.Equal("connection refused, no program listens there", nobody.What);
        Assert.Equal("the program there is not a node of ActorHutch", another.What);
    }

    [Fact]
    public async Task A_name_that_nobody_has_is_said()
    {
        var seed = new HostPort("no-such-host.invalid", 4053);

        var (found, _) = await LookAsync(TlsFiles.None, seed, seed);

        Assert.False(found.Lasts);
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
