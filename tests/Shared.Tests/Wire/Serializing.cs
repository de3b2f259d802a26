using ActorHutch.Shared.Messages;
using ActorHutch.Shared.Wire;
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;

namespace ActorHutch.Shared.Tests.Wire;

/// <summary>An actor system with the real settings and no port, for its serialization alone.</summary>
public sealed class Serializing : IDisposable
{
    private readonly ActorSystem _system = ActorSystem.Create("serializing", ConfigurationFactory.ParseString(
        "akka { stdout-loglevel = OFF, loglevel = OFF, actor.provider = cluster, remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 } }")
        .WithFallback(WireConfiguration.Configuration));

    public static IReadOnlyList<Type> MessageTypes { get; } = [.. typeof(IProtocolMessage).Assembly.GetTypes()
        .Where(type => type.IsClass && type.IsAssignableTo(typeof(IProtocolMessage)))];

    public Serialization Serialization => _system.Serialization;

    public byte[] Write(object message, out string manifest)
    {
        var serializer = Assert.IsType<ProtocolSerializer>(Serialization.FindSerializerFor(message));
        manifest = serializer.Manifest(message);
        return serializer.ToBinary(message);
    }

    public object Read(byte[] bytes, string manifest) =>
        Serialization.Deserialize(bytes, ProtocolSerializer.Number, manifest);

    public void Dispose() => _system.Terminate().Wait();
}
