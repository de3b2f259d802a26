using Google.Protobuf;

namespace ActorHutch.Shared.Wire;

/// <summary>How messages of one type travel.</summary>
/// <param name="manifest">The type's name on the wire: short, and never used again for anything else.</param>
/// <param name="type">The type of message.</param>
internal abstract class MessageFormat(string manifest, Type type)
{
    public string Manifest => manifest;

    public Type Type => type;

    /// <summary>The message as protobuf.</summary>
    public abstract IMessage Write(object message);

    /// <summary>The message that some bytes stand for.</summary>
    /// <exception cref="InvalidProtocolBufferException">They are no protobuf.</exception>
    /// <exception cref="WireException">They are, but no message of this type.</exception>
    public abstract object Read(ReadOnlySpan<byte> bytes);

    /// <summary>A format made of the two ways between a message and its protobuf.</summary>
    public static MessageFormat Of<TMessage, TWire>(
        string manifest, Func<TMessage, TWire> write, Func<TWire, TMessage> read)
        where TMessage : notnull
        where TWire : IMessage<TWire>, new() => new Mapping<TMessage, TWire>(manifest, write, read);

    private sealed class Mapping<TMessage, TWire>(
        string manifest, Func<TMessage, TWire> write, Func<TWire, TMessage> read)
        : MessageFormat(manifest, typeof(TMessage))
        where TMessage : notnull
        where TWire : IMessage<TWire>, new()
    {
        private readonly MessageParser<TWire> _parser = new(() => new TWire());

        public override IMessage Write(object message) => write((TMessage)message);

        public override object Read(ReadOnlySpan<byte> bytes) => read(_parser.ParseFrom(bytes));
    }
}
