using System.Collections.Frozen;

namespace ActorHutch.Shared.Wire;

/// <summary>All messages that travel. A new kind of message is one more entry in one of these lists.</summary>
internal static class MessageFormats
{
    public static IReadOnlyList<MessageFormat> All { get; } = [.. CoordinatorFormats.All, .. WorkerFormats.All, .. BlobFormats.All];

    private static readonly FrozenDictionary<Type, MessageFormat> ByType = All.ToFrozenDictionary(format => format.Type);

    private static readonly FrozenDictionary<string, MessageFormat> ByManifest =
        All.ToFrozenDictionary(format => format.Manifest, StringComparer.Ordinal);

    /// <exception cref="WireException">Messages of this type do not travel.</exception>
    public static MessageFormat Of(Type type) => ByType.GetValueOrDefault(type)
        ?? throw new WireException($"{type} has no format on the wire.");

    /// <exception cref="WireException">There is no such manifest.</exception>
    public static MessageFormat Of(string? manifest) => ByManifest.GetValueOrDefault(manifest ?? "")
        ?? throw new WireException($"No message has the manifest {Shown(manifest)}; the sender may run a newer release.");

    /// <summary>What a stranger sent, short and printable.</summary>
    public static string Shown(string? manifest)
    {
        string text = manifest is { Length: > 64 } ? manifest[..64] + "…" : manifest ?? "";
        return $"'{string.Concat(text.Select(symbol => char.IsControl(symbol) ? '?' : symbol))}'";
    }
}
