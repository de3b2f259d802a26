using System.Net.Sockets;
using ActorHutch.Shared.Messages;
using Akka.Actor;
using Akka.Remote;

namespace ActorHutch.Shared.Tests.Security;

/// <summary>
/// Whoever reaches the port without TLS: what is no message of the protocol has no effect but a line in the log, and a
/// good peer is served afterwards.
/// </summary>
public sealed class StrangersTests : IAsyncLifetime
{
    private Node _server = null!;
    private Node _good = null!;

    public async ValueTask InitializeAsync()
    {
        _server = Node.Start();
        _good = Node.Start();
        await _good.IsServedBy(_server);
        _server.Received.Reader.TryRead(out _);
    }

    public async ValueTask DisposeAsync()
    {
        await _good.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Random_bytes_end_the_connection()
    {
        var random = new Random(8);
        for (int i = 0; i < 20; i++)
        {
            byte[] bytes = new byte[random.Next(5, 100_000)];
            random.NextBytes(bytes);
            // A first length beyond any frame; else the server would wait for the rest.
            bytes[3] |= 0x40;
            await SendUntilClosed(bytes);
        }

        Assert.Empty(await _server.ReceivedBefore(_good));
    }

    [Fact]
    public async Task A_frame_of_random_bytes_ends_the_connection()
    {
        var random = new Random(9);
        for (int i = 0; i < 20; i++)
        {
            byte[] bytes = new byte[4 + random.Next(1, 1000)];
            random.NextBytes(bytes);
            BitConverter.TryWriteBytes(bytes, bytes.Length - 4);
            await SendUntilClosed(bytes);
        }

        Assert.Empty(await _server.ReceivedBefore(_good));
    }

    [Fact]
    public async Task A_message_as_JSON_is_refused_and_logged_once()
    {
        await using var stranger = Node.Stranger();

        stranger.CoordinatorOf(_server).Tell(new RegisterWorker("json", 1, "cpu", null, 1));

        string line = await _server.Log.WaitForLine("serializer 1 is not read");
        Assert.Contains("association remains live", line, StringComparison.Ordinal);
        Assert.Empty(await _server.ReceivedBefore(_good));
        Assert.Single(_server.Log.Warnings, text => text.Contains("serializer 1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_message_of_unregistered_type_does_not_leave_its_sender()
    {
        _good.CoordinatorOf(_server).Tell(new Version(1, 2));

        await _good.Log.WaitForLine("System.Version");
        Assert.Empty(await _server.ReceivedBefore(_good));
    }

    [Fact]
    public async Task A_frame_beyond_the_limit_is_refused()
    {
        await using var stranger = Node.Stranger("akka.remote.dot-netty.tcp.maximum-frame-size = 10000000b");

        stranger.CoordinatorOf(_server).Tell(new byte[1_000_000]);

        await stranger.Log.WaitFor<DisassociatedEvent>();
        Assert.Empty(await _server.ReceivedBefore(_good));
        await _server.Log.WaitForLine("rame length exceeds");
    }

    [Fact]
    public async Task Nothing_is_deployed_here()
    {
        await using var stranger = Node.Stranger();

        stranger.System.ActorOf(
            Props.Create<Intruder>().WithDeploy(new Deploy(new RemoteScope(_server.Address))), "intruder");

        await _server.Log.WaitForLine("serializer 3 is not read");
        Assert.Empty(await _server.ReceivedBefore(_good));
        Assert.False(Intruder.Lives);
    }

    [Fact]
    public async Task No_stranger_ends_or_finds_an_actor()
    {
        await using var stranger = Node.Stranger();

        var any = stranger.System.ActorSelection(new RootActorPath(_server.Address) / "user" / "*");
        any.Tell("to all");
        stranger.System.ActorSelection(new RootActorPath(_server.Address) / "system" / "log*").Tell("to the log");
        stranger.CoordinatorOf(_server).Tell(PoisonPill.Instance);
        stranger.CoordinatorOf(_server).Tell(Kill.Instance);

        await _server.Log.WaitForLine("dropping inbound actor selection to [/user/*]");
        await _server.Log.WaitForLine("'K' of serializer 16 is not read");
        Assert.Empty(await _server.ReceivedBefore(_good));
    }

    [Fact]
    public async Task An_exception_of_any_type_is_not_made()
    {
        await using var stranger = Node.Stranger();

        stranger.CoordinatorOf(_server).Tell(new Status.Failure(new Planted()));

        await _server.Log.WaitForLine("'STF' of serializer 16 is not read");
        Assert.Empty(await _server.ReceivedBefore(_good));
    }

    private async Task SendUntilClosed(byte[] bytes)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(_server.Address.Host, _server.Address.Port!.Value);
        var stream = client.GetStream();
        try
        {
            await stream.WriteAsync(bytes);
            while (await stream.ReadAsync(new byte[1000]).AsTask().WaitAsync(Node.Patience) > 0)
            {
                // Whatever it answers, it has to hang up.
            }
        }
        catch (IOException)
        {
            // It hung up without waiting for the rest.
        }
    }

    private sealed class Intruder : ReceiveActor
    {
        public Intruder() => Lives = true;

        public static bool Lives { get; private set; }
    }

    private sealed class Planted : Exception;
}
