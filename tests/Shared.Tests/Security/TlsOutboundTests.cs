using System.Net;
using System.Net.Sockets;
using ActorHutch.Shared.Messages;
using Akka.Actor;
using Akka.Remote;

namespace ActorHutch.Shared.Tests.Security;

/// <summary>A handshake that fails where this process is the one that calls does not end this process.</summary>
public sealed class TlsOutboundTests : IAsyncLifetime
{
    private readonly Certificates _certificates = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private Node _server = null!;
    private Node _caller = null!;

    public ValueTask InitializeAsync()
    {
        _listener.Start();
        _server = Node.Start(_certificates.Good());
        _caller = Node.Start(_certificates.Good());
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _caller.DisposeAsync();
        await _server.DisposeAsync();
        _certificates.Dispose();
    }

    [Fact]
    public async Task A_server_that_hangs_up()
    {
        Call();
        using (await _listener.AcceptSocketAsync())
        {
        }

        await StillLives();
    }

    [Fact]
    public async Task A_server_that_says_something_else()
    {
        Call();
        using var socket = await _listener.AcceptSocketAsync();
        await socket.SendAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray());

        await StillLives();
    }

    [Fact]
    public async Task A_server_that_says_nothing()
    {
        Call();
        using var socket = await _listener.AcceptSocketAsync();

        await StillLives();
    }

    private void Call()
    {
        var address = new Address("akka.ssl.tcp", "actorhutch", "127.0.0.1", ((IPEndPoint)_listener.LocalEndpoint).Port);
        _caller.System.ActorSelection(new RootActorPath(address) / "user" / "coordinator")
            .Tell(new RegisterWorker("w", 1, "cpu", null, 1));
    }

    private async Task StillLives()
    {
        await _caller.Log.WaitFor<AssociationErrorEvent>();
        await _caller.IsServedBy(_server);
        Assert.False(_caller.System.WhenTerminated.IsCompleted);
    }
}
