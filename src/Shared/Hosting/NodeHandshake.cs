using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using ActorHutch.Shared.Security;
using ActorHutch.Shared.Wire.Akka;
using Google.Protobuf;

namespace ActorHutch.Shared.Hosting;

/// <summary>Asks a node for its name as Akka.Remote does when it connects, and hangs up.</summary>
internal static class NodeHandshake
{
    /// <summary>No handshake is longer; a length beyond it is no node's.</summary>
    private const int MostBytes = 4096;

    /// <summary>Who asks: nobody that messages could be sent to.</summary>
    private static readonly Address Nobody = new() { System = ActorHutchSystem.Name, Hostname = "seed-node-inquiry", Port = 1, Protocol = "tcp" };

    /// <summary>The address that a node advertises.</summary>
    /// <param name="where">Where it listens.</param>
    /// <param name="node">This node, whose certificates it is asked with.</param>
    /// <param name="cancellation">Gives it up.</param>
    /// <exception cref="IOException">What listens there is no node that can be talked to; the message is the end of a clause.</exception>
    /// <exception cref="SocketException">Nobody listens there.</exception>
    public static async Task<HostPort> NameAsync(IPEndPoint where, NodeSettings node, CancellationToken cancellation)
    {
        using var client = new TcpClient(where.AddressFamily);
        await client.ConnectAsync(where, cancellation).ConfigureAwait(false);
        Address answer;
        try
        {
            var stream = await SecuredAsync(client.GetStream(), node, cancellation).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false))
            {
                await SendAsync(stream, Control.Types.Command.Associate, cancellation).ConfigureAwait(false);
                answer = await ReceiveAsync(stream, cancellation).ConfigureAwait(false);
                await SendAsync(stream, Control.Types.Command.Disassociate, cancellation).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (error is AuthenticationException or IOException or InvalidDataException or OperationCanceledException)
        {
            string does = error is OperationCanceledException ? "has not spoken in time" : "does not speak";
            throw new IOException($"listens somebody who {does} as a node {(node.Tls.Any ? "with" : "without")} TLS does", error);
        }

        return answer.System == ActorHutchSystem.Name
            ? new HostPort(answer.Hostname, (int)answer.Port)
            : throw new IOException($"listens a node of another program, {answer.System}");
    }

    private static async Task<Stream> SecuredAsync(NetworkStream stream, NodeSettings node, CancellationToken cancellation)
    {
        if (TlsSettings.Read(node.Tls, []) is not { } tls) return stream;
        var secured = new SslStream(stream);
        await secured.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "",
                ClientCertificates = [tls.Certificate],
                EnabledSslProtocols = SslProtocols.Tls12,
                RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
                    certificate is X509Certificate2 peer && tls.Peers.Refusal(peer, chain) is null,
            },
            cancellation).ConfigureAwait(false);
        return secured;
    }

    private static async Task SendAsync(Stream stream, Control.Types.Command command, CancellationToken cancellation)
    {
        var message = new ProtocolMessage { Instruction = new Control { Command = command } };
        if (command == Control.Types.Command.Associate)
            message.Instruction.Handshake = new Handshake { Origin = Nobody, Uid = (ulong)Random.Shared.NextInt64(1, uint.MaxValue) };
        byte[] frame = new byte[sizeof(int) + message.CalculateSize()];
        BinaryPrimitives.WriteInt32LittleEndian(frame, frame.Length - sizeof(int));
        message.WriteTo(frame.AsSpan(sizeof(int)));
        await stream.WriteAsync(frame, cancellation).ConfigureAwait(false);
        await stream.FlushAsync(cancellation).ConfigureAwait(false);
    }

    private static async Task<Address> ReceiveAsync(Stream stream, CancellationToken cancellation)
    {
        byte[] head = new byte[sizeof(int)];
        await stream.ReadExactlyAsync(head, cancellation).ConfigureAwait(false);
        int length = BinaryPrimitives.ReadInt32LittleEndian(head);
        if (length is < 1 or > MostBytes) throw new InvalidDataException();
        byte[] frame = new byte[length];
        await stream.ReadExactlyAsync(frame, cancellation).ConfigureAwait(false);
        return ProtocolMessage.Parser.ParseFrom(frame).Instruction?.Handshake?.Origin ?? throw new EndOfStreamException();
    }
}
