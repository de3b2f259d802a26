using System.Runtime.Serialization;

namespace ActorHutch.Shared.Wire;

/// <summary>
/// Something that is no message of the protocol. The connection it came over stays up: Akka.Remote logs a
/// <see cref="SerializationException"/> and goes on with the next message.
/// </summary>
public sealed class WireException : SerializationException
{
    /// <summary>An exception that says nothing.</summary>
    public WireException()
    {
    }

    /// <summary>An exception with a message for people.</summary>
    public WireException(string message)
        : base(message)
    {
    }

    /// <summary>An exception with a message for people, and what led to it.</summary>
    public WireException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
