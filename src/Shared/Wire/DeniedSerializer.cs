using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;

namespace ActorHutch.Shared.Wire;

/// <summary>
/// Stands where one of Akka's serializers was that would make an object of any type a peer names, and refuses in both
/// directions, without as much as looking for the type. Its number is the <c>identifier</c> in its
/// <c>akka.actor.serialization-settings</c>.
/// </summary>
/// <param name="system">The actor system.</param>
/// <param name="settings">Its settings.</param>
public sealed class DeniedSerializer(ExtendedActorSystem system, Config settings) : SerializerWithStringManifest(system)
{
    /// <inheritdoc/>
    public override int Identifier { get; } = settings.GetInt("identifier");

    /// <inheritdoc/>
    public override string Manifest(object o) => "";

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) => throw new WireException(
        $"{obj?.GetType().ToString() ?? "null"} does not travel: only the protocol's messages do.");

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, string manifest) => throw new WireException(
        $"A message written by serializer {Identifier} is not read: only the protocol's messages are.");
}
