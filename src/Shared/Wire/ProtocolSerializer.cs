using ActorHutch.Shared.Messages;
using Akka.Actor;
using Akka.Serialization;
using Google.Protobuf;

namespace ActorHutch.Shared.Wire;

/// <summary>
/// Writes and reads every <see cref="IProtocolMessage"/> as protobuf. What it cannot write or read it refuses with a
/// <see cref="WireException"/>, whatever the bytes.
/// </summary>
/// <param name="system">The actor system.</param>
public sealed class ProtocolSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    /// <summary>The serializer's number: on every message and in every journal, so it never changes.</summary>
    public const int Number = 4171;

    /// <inheritdoc/>
    public override int Identifier => Number;

    /// <inheritdoc/>
    public override string Manifest(object o)
    {
        ArgumentNullException.ThrowIfNull(o);
        return MessageFormats.Of(o.GetType()).Manifest;
    }

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj)
    {
        ArgumentNullException.ThrowIfNull(obj);
        var format = MessageFormats.Of(obj.GetType());
        byte[] bytes;
        try
        {
            bytes = format.Write(obj).ToByteArray();
        }
        catch (Exception error) when (error is not WireException)
        {
            throw new WireException($"A {format.Type.Name} cannot be written: {error.Message}", error);
        }

        return bytes.Length <= WireFrame.MaxMessageBytes
            ? bytes
            : throw new WireException(
                $"A {format.Type.Name} of {bytes.Length:N0} bytes is not sent: {WireFrame.MaxMessageBytes:N0} fit into a frame.");
    }

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, string manifest)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        var format = MessageFormats.Of(manifest);
        try
        {
            return format.Read(bytes);
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new WireException($"{bytes.Length:N0} bytes are no {format.Type.Name}: {error.Message}", error);
        }
        catch (WireException error)
        {
            throw new WireException($"{bytes.Length:N0} bytes are no {format.Type.Name}: {error.Message}", error);
        }
    }
}
