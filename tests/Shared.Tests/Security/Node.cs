using System.Threading.Channels;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Messages;
using ActorHutch.Shared.Security;
using Akka.Actor;
using Akka.Configuration;
using Akka.Streams;
using Akka.Streams.Dsl;

namespace ActorHutch.Shared.Tests.Security;

/// <summary>An actor system on loopback with the real settings, and an actor at the coordinator's path.</summary>
internal sealed class Node : IAsyncDisposable
{
    /// <summary>How long a test waits for what must happen; nothing waits for it to pass.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Answered by a stream of <see cref="StreamPieces"/>.</summary>
    public const string StreamRequest = "stream";

    public static readonly byte[][] StreamPieces = [.. Enumerable.Range(0, 100).Select(Piece)];

    private const string Quiet = """
        akka { loglevel = DEBUG, loggers = [], stdout-loglevel = OFF, log-dead-letters = 0
          remote { retry-gate-closed-for = 100ms, dot-netty.tcp.connection-timeout = 5s }
          cluster { seed-nodes = [], gossip-interval = 200ms, leader-actions-interval = 200ms }
          coordinated-shutdown.run-by-clr-shutdown-hook = off }
        """;

    private readonly bool _isOurs;

    private Node(ActorSystem system, bool isOurs)
    {
        System = system;
        _isOurs = isOurs;
        Log = new Log(system);
        Received = Channel.CreateUnbounded<object>();
        Coordinator = system.ActorOf(
            Props.Create(() => new Recorder(Received.Writer)), CoordinatorAddress.Name);
    }

    public ActorSystem System { get; }

    public IActorRef Coordinator { get; }

    public Log Log { get; }

    /// <summary>What the actor at the coordinator's path was sent.</summary>
    public Channel<object> Received { get; }

    public Address Address => ((ExtendedActorSystem)System).Provider.DefaultAddress;

    /// <summary>A process of the cluster.</summary>
    public static Node Start(TlsFiles? tls = null, string provider = "remote")
    {
        var settings = new RemoteSettings { TlsFiles = tls ?? TlsFiles.None };
        Assert.Empty(settings.Validate(out var certificates));
        return new Node(RemoteHosting.Create(ConfigurationFactory.ParseString(Quiet + $"akka.actor.provider = {provider}"), settings, certificates), isOurs: true);
    }

    /// <summary>A process that is set up as it likes.</summary>
    public static Node Stranger(string hocon = "", Akka.Actor.Setup.Setup? setup = null)
    {
        var config = ConfigurationFactory.ParseString(hocon).WithFallback(ConfigurationFactory.ParseString(
            Quiet + "akka { actor.provider = remote, remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 } }"));
        var setups = BootstrapSetup.Create().WithConfig(config).And(setup ?? BootstrapSetup.Create().WithConfig(config));
        return new Node(ActorSystem.Create(ActorHutchSystem.Name, setups), isOurs: false);
    }

    /// <summary>The other's coordinator, by its path.</summary>
    public ActorSelection CoordinatorOf(Node other) =>
        System.ActorSelection(new RootActorPath(other.Address) / "user" / CoordinatorAddress.Name);

    /// <summary>Fails unless the other answers a registration.</summary>
    public async Task IsServedBy(Node other)
    {
        var registration = new RegisterWorker("good", Random.Shared.NextInt64(), "cpu", null, 1);
        for (var deadline = DateTime.UtcNow + Patience; ;)
        {
            try
            {
                var answer = await CoordinatorOf(other).Ask<WorkerAccepted>(registration, TimeSpan.FromSeconds(1));
                Assert.Equal(registration.Incarnation, answer.Incarnation);
                return;
            }
            catch (AskTimeoutException) when (DateTime.UtcNow < deadline)
            {
                // A gate may be closed: a worker, too, goes on registering.
            }
        }
    }

    /// <summary>
    /// Everything that reached the coordinator's path before something that a good peer says now; a message from the
    /// same peer that was under way before is in it, or was dropped.
    /// </summary>
    public async Task<IReadOnlyList<object>> ReceivedBefore(Node good)
    {
        await good.IsServedBy(this);
        var received = new List<object>();
        while (Received.Reader.TryRead(out object? message)) received.Add(message);
        return [.. received.Where(message => message is not RegisterWorker { Id: "good" })];
    }

    public ValueTask DisposeAsync() => new(_isOurs ? NodeSystem.StopAsync(System) : System.Terminate());

    private static byte[] Piece(int number)
    {
        byte[] piece = new byte[64 * 1024];
        new Random(number).NextBytes(piece);
        return piece;
    }

    private sealed class Recorder : ReceiveActor
    {
        public Recorder(ChannelWriter<object> received)
        {
            Receive<string>(
                text => text == StreamRequest,
                _ => Source.From(StreamPieces).RunWith(StreamRefs.SourceRef<byte[]>(), Context.System.Materializer()).PipeTo(Sender));
            ReceiveAny(message =>
            {
                received.TryWrite(message);
                if (message is RegisterWorker worker) Sender.Tell(new WorkerAccepted(worker.Incarnation));
            });
        }
    }
}
