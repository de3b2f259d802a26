using System.Collections.Frozen;
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;
using Akka.Util;

namespace ActorHutch.Shared.Wire;

/// <summary>
/// One of Akka's serializers for those of its manifests alone that a cluster needs. Among the others are failures,
/// which hold an exception, which is an object of whatever type a peer names.
/// </summary>
/// <remarks>
/// <c>serializer</c> and <c>manifests</c> stand in its <c>akka.actor.serialization-settings</c>. The manifests of a
/// serializer that has none of its own are its types' names.
/// </remarks>
public sealed class NarrowedSerializer : SerializerWithStringManifest
{
    private readonly Serializer _inner;
    private readonly FrozenSet<string> _manifests;

    /// <summary>Akka makes it so.</summary>
    /// <param name="system">The actor system.</param>
    /// <param name="settings">Its settings.</param>
    public NarrowedSerializer(ExtendedActorSystem system, Config settings)
        : base(system)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var type = Type.GetType(settings.GetString("serializer"), throwOnError: true)!;
        _inner = (Serializer)Activator.CreateInstance(type, system)!;
        _manifests = settings.GetStringList("manifests").ToFrozenSet(StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public override int Identifier => _inner.Identifier;

    /// <inheritdoc/>
    public override string Manifest(object o)
    {
        ArgumentNullException.ThrowIfNull(o);
        return _inner is SerializerWithStringManifest named ? named.Manifest(o) : o.GetType().TypeQualifiedName();
    }

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj)
    {
        ArgumentNullException.ThrowIfNull(obj);
        return _manifests.Contains(Manifest(obj))
            ? _inner.ToBinary(obj)
            : throw new WireException($"{obj.GetType()} does not travel: a cluster does not need it.");
    }

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, string manifest)
    {
        if (!_manifests.Contains(manifest))
        {
            throw new WireException(
                $"Manifest {MessageFormats.Shown(manifest)} of serializer {Identifier} is not read: a cluster does not need it.");
        }

        return _inner is SerializerWithStringManifest named
            ? named.FromBinary(bytes, manifest)
            : _inner.FromBinary(bytes, Type.GetType(manifest, throwOnError: true));
    }
}
