using System.Buffers.Binary;
using ActorHutch.Shared.Wire.Akka;
using Google.Protobuf;

namespace ActorHutch.Shared.Hosting;

/// <summary>By what name a node goes.</summary>
/// <param name="System">Its actor system's name: the program.</param>
/// <param name="Address">The address that it advertises.</param>
internal sealed record NodeName(string System, HostPort Address);

/// <summary>Asks a node for its name as Akka.Remote does when it connects.</summary>
internal static class NodeHandshake
{
    /// <summary>No handshake is longer; a length beyond it is no node's.</summary>
    private const int MostBytes = 4096;

    /// <summary>Who asks: nobody that messages could be sent to.</summary>
    private static readonly Address Nobody = new() { System = ActorHutchSystem.Name, Hostname = "seed-node-inquiry", Port = 1, Protocol = "tcp" };

    /// <summary>The name of the node at the other end of a connection.</summary>
    /// <param name="stream">The connection, which the node will close.</param>
    /// <param name="cancellation">Gives it up.</param>
    /// <exception cref="InvalidDataException">What answers is no node.</exception>
    /// <exception cref="IOException">It has hung up.</exception>
    public static async Task<NodeName> NameAsync(Stream stream, CancellationToken cancellation)
    {
        await SendAsync(stream, Control.Types.Command.Associate, cancellation).ConfigureAwait(false);
        var answer = await ReceiveAsync(stream, cancellation).ConfigureAwait(false);
        await SendAsync(stream, Control.Types.Command.Disassociate, cancellation).ConfigureAwait(false);
        return new NodeName(answer.System, new HostPort(answer.Hostname, (int)answer.Port));
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
        try
        {
            return ProtocolMessage.Parser.ParseFrom(frame).Instruction?.Handshake?.Origin ?? throw new InvalidDataException();
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new InvalidDataException(error.Message, error);
        }
    }
}
