using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using ActorHutch.Shared.Security;

namespace ActorHutch.Shared.Hosting;

/// <summary>Connects to the address of a seed node, and says who is there and what is in the way of joining it.</summary>
/// <param name="seed">The seed node.</param>
/// <param name="node">The node that asks, with its certificates.</param>
/// <param name="patience">How long an answer is waited for.</param>
internal sealed class SeedInquiry(HostPort seed, NodeSettings node, TimeSpan patience)
{
    private const string ThreeFiles = "--tls-cert, --tls-key and --tls-ca";
    private const string NameAnother = "Name the address that the coordinator advertises with --seed-nodes";

    private readonly TlsSettings? _tls = TlsSettings.Read(node.Tls, []);

    /// <summary>What one of the seed node's addresses comes to.</summary>
    public async Task<SeedFinding> AskAsync(IPAddress address, CancellationToken cancellation)
    {
        var where = new IPEndPoint(address, seed.Port);
        var reply = await ConnectAsync(where, _tls is not null, cancellation).ConfigureAwait(false);
        if (reply.Node is { } named) return Named(named);
        if (!reply.IsConnected) return Unconnected(reply.Error!);
        // A node without TLS waits for the rest of what it takes for a message; one with TLS hangs up on what is none.
        if (reply.Error is OperationCanceledException && (_tls is null || reply.SpeaksTls)) return Stranger(reply.Error);
        if (_tls is null)
        {
            var secured = await ConnectAsync(where, secured: true, cancellation).ConfigureAwait(false);
            return secured.SpeaksTls
                ? Lasting("what listens there uses TLS, and this node does not", $"Give this node {ThreeFiles}")
                : Stranger(reply.Error!);
        }

        if (reply.Refusal is { } refusal)
            return Lasting($"the certificate of the node there is refused: {refusal}", "All nodes need certificates of one authority, the one in --tls-ca");
        if (reply.SpeaksTls)
        {
            return Lasting(
                "the node there refuses this node's certificate", "See its log; all nodes need certificates of one authority, the one in --tls-ca");
        }

        var plain = await ConnectAsync(where, secured: false, cancellation).ConfigureAwait(false);
        return plain.Node is not null
            ? Lasting("the node there does not use TLS, and this node does", $"Give it {ThreeFiles} too, or leave them out here")
            : Stranger(reply.Error!);
    }

    private SeedFinding Named(NodeName named)
    {
        if (named.System != ActorHutchSystem.Name)
            return Lasting($"a node of another program is there, {named.System}", NameAnother);
        if (named.Address != seed)
        {
            return Lasting($"the node there has another name, {named.Address}", $"Write --seed-nodes {named.Address}") with
            {
                Name = named.Address,
            };
        }

        var self = node.Advertise ?? node.Listen;
        return new SeedFinding(seed, "a node with this name answers, but did not accept this node",
            self.IsLoopback && !seed.IsLoopback
                ? $"No other machine reaches this node at {self}: give it --listen and --advertise with an address that they reach"
                : $"Check that it is the coordinator, see its log, and check that its machine can connect to this node at {self.Host}")
        {
            Name = named.Address,
        };
    }

    private SeedFinding Unconnected(Exception error) => error switch
    {
        SocketException { SocketErrorCode: SocketError.ConnectionRefused } => new(
            seed, "connection refused, no program listens there",
            "Start a coordinator there (actorhutch estimate --cluster), or name the address that it listens on with --seed-nodes"),
        SocketException socket => Unreachable($"it cannot be reached ({socket.Message.TrimEnd('.')})"),
        _ => Unreachable($"no connection in {SeedNodes.Seconds(patience)}"),
    };

    private SeedFinding Unreachable(string what) => new(seed, what, "Check the address, and whether a firewall is in the way");

    private SeedFinding Stranger(Exception error) => error is OperationCanceledException
        ? new SeedFinding(seed, $"the program there accepted the connection and did not answer in {SeedNodes.Seconds(patience)}", NameAnother)
        : Lasting(
            error is InvalidDataException
                ? "the program there is not a node of ActorHutch"
                : "the program there accepted the connection and closed it",
            NameAnother);

    private SeedFinding Lasting(string what, string remedy) => new(seed, what, remedy) { Lasts = true };

    /// <summary>Connects, and asks for the node's name.</summary>
    /// <param name="where">Where.</param>
    /// <param name="secured">Whether by TLS. A node without certificates only finds out whether that is spoken there.</param>
    /// <param name="cancellation">Gives it up.</param>
    private async Task<Reply> ConnectAsync(IPEndPoint where, bool secured, CancellationToken cancellation)
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        giveUp.CancelAfter(patience);
        using var client = new TcpClient(where.AddressFamily);
        var reply = new Reply();
        try
        {
            await client.ConnectAsync(where, giveUp.Token).ConfigureAwait(false);
            reply.IsConnected = true;
            var stream = secured ? await SecuredAsync(client.GetStream(), reply, giveUp.Token).ConfigureAwait(false) : client.GetStream();
            await using (stream.ConfigureAwait(false)) reply.Node = await NodeHandshake.NameAsync(stream, giveUp.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (error is SocketException or AuthenticationException or IOException or InvalidDataException or OperationCanceledException)
        {
            cancellation.ThrowIfCancellationRequested();
            reply.Error = error;
        }

        return reply;
    }

    private async Task<Stream> SecuredAsync(NetworkStream stream, Reply reply, CancellationToken cancellation)
    {
        var secured = new SslStream(stream);
        await secured.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "",
                ClientCertificates = _tls is null ? null : [_tls.Certificate],
                EnabledSslProtocols = SslProtocols.Tls12,
                RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
                {
                    reply.SpeaksTls = true;
                    if (_tls is null) return false;
                    reply.Refusal = certificate is X509Certificate2 peer ? _tls.Peers.Refusal(peer, chain) : "it presented none";
                    return reply.Refusal is null;
                },
            },
            cancellation).ConfigureAwait(false);
        return secured;
    }

    /// <summary>What a connection came to.</summary>
    private sealed class Reply
    {
        public bool IsConnected { get; set; }

        public bool SpeaksTls { get; set; }

        public string? Refusal { get; set; }

        public NodeName? Node { get; set; }

        public Exception? Error { get; set; }
    }
}
