using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using ActorHutch.Shared.Messages;
using ActorHutch.Shared.Security;
using Akka.Actor;
using Akka.Remote;
using Akka.Remote.Transport.DotNetty;

namespace ActorHutch.Shared.Tests.Security;

/// <summary>Whoever reaches the port with TLS: without a certificate of the cluster nobody gets in.</summary>
public sealed class TlsStrangersTests : IAsyncLifetime
{
    private readonly Certificates _certificates = new();
    private readonly Certificates _others = new();
    private Node _server = null!;
    private Node _good = null!;

    public ValueTask InitializeAsync()
    {
        _server = Node.Start(_certificates.Good());
        _good = Node.Start(_certificates.Good());
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _good.DisposeAsync();
        await _server.DisposeAsync();
        _certificates.Dispose();
        _others.Dispose();
    }

    public static TheoryData<string, string> BadCertificates { get; } = new()
    {
        { "foreign", "is not in --tls-ca" },
        { "expired", "which is not now" },
        { "early", "which is not now" },
        { "server only", "extended key usage" },
        { "client only", "extended key usage" },
        { "without use", "extended key usage" },
    };

    [Theory]
    [MemberData(nameof(BadCertificates))]
    public async Task A_peer_with_a_bad_certificate_is_refused_and_logged_once(string kind, string reason)
    {
        var files = Files(kind);
        await using var stranger = StrangerWith(files);

        stranger.CoordinatorOf(_server).Tell(new RegisterWorker("stranger", 1, "cpu", null, 1));
        await stranger.Log.WaitFor<AssociationErrorEvent>();
        await TlsHandshake(files);
        await TlsHandshake(files);

        await _server.Log.WaitForLine(reason);
        Assert.Empty(await _server.ReceivedBefore(_good));
        Assert.Single(_server.Log.Warnings, line => line.Contains(reason, StringComparison.Ordinal)
            && line.Contains("Refused", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(BadCertificates))]
    public async Task Nothing_is_said_to_a_server_with_a_bad_certificate(string kind, string reason)
    {
        await using var rogue = StrangerWith(Files(kind));

        _good.CoordinatorOf(rogue).Tell(new RegisterWorker("secret", 1, "cpu", null, 1));

        await _good.Log.WaitForLine(reason);
        await _good.Log.WaitFor<AssociationErrorEvent>();
        Assert.False(rogue.Received.Reader.TryRead(out _));
        await _good.IsServedBy(_server);
    }

    [Fact]
    public async Task A_peer_in_plain_text_is_refused()
    {
        await using var stranger = Node.Stranger();
        var plain = _server.Address.WithProtocol("akka.tcp");

        stranger.System.ActorSelection(new RootActorPath(plain) / "user" / "coordinator").Tell("in the clear");

        await stranger.Log.WaitFor<AssociationErrorEvent>();
        Assert.Empty(await _server.ReceivedBefore(_good));
    }

    [Fact]
    public async Task A_peer_without_a_certificate_is_refused()
    {
        await TlsHandshake(null);

        Assert.Empty(await _server.ReceivedBefore(_good));
    }

    [Fact]
    public async Task Random_bytes_end_the_connection()
    {
        var random = new Random(10);
        for (int i = 0; i < 20; i++)
        {
            byte[] bytes = new byte[random.Next(5, 20_000)];
            random.NextBytes(bytes);
            using var client = await Connect();
            try
            {
                await client.GetStream().WriteAsync(bytes);
                while (await client.GetStream().ReadAsync(new byte[1000]).AsTask().WaitAsync(Node.Patience) > 0)
                {
                    // An alert, perhaps.
                }
            }
            catch (IOException)
            {
                // It hung up without waiting for the rest.
            }
        }

        Assert.Empty(await _server.ReceivedBefore(_good));
    }

    private TlsFiles Files(string kind) => kind switch
    {
        "foreign" => _others.Good(),
        "expired" => _certificates.Expired(),
        "early" => _certificates.NotYetValid(),
        "server only" => _certificates.ServerOnly(),
        "client only" => _certificates.ClientOnly(),
        _ => _certificates.WithoutUse(),
    };

    /// <summary>An actor system with TLS that does not care who the others are.</summary>
    private static Node StrangerWith(TlsFiles files) => Node.Stranger(
        // Akka's own transport would shut it down at the first refusal.
        $$"""akka.remote.dot-netty.tcp { enable-ssl = true, transport-class = "{{typeof(TlsTransport).AssemblyQualifiedName}}" }""",
        new DotNettySslSetup(
            X509Certificate2.CreateFromPemFile(files.Certificate!, files.Key), suppressValidation: true,
            requireMutualAuthentication: true, (_, _, _, _, _) => true));

    private async Task<TcpClient> Connect()
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _server.Address.Port!.Value);
        return client;
    }

    /// <summary>Shakes hands and waits for the server to hang up or to say something.</summary>
    [SuppressMessage("Security", "CA5359:Do not disable certificate validation", Justification = "This is the stranger.")]
    private async Task TlsHandshake(TlsFiles? files)
    {
        using var client = await Connect();
        await using var tls = new SslStream(client.GetStream(), false, (_, _, _, _) => true);
        var options = new SslClientAuthenticationOptions { TargetHost = "server", EnabledSslProtocols = SslProtocols.Tls12 };
        if (files is not null)
            options.ClientCertificates = [X509Certificate2.CreateFromPemFile(files.Certificate!, files.Key)];
        try
        {
            await tls.AuthenticateAsClientAsync(options).WaitAsync(Node.Patience);
            Assert.Equal(0, await tls.ReadAsync(new byte[1]).AsTask().WaitAsync(Node.Patience));
        }
        catch (Exception error) when (error is IOException or AuthenticationException)
        {
            // Refused in one of the ways there are.
        }
    }
}
