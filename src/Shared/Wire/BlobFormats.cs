using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Jobs;
using Google.Protobuf;

namespace ActorHutch.Shared.Wire;

/// <summary>How messages about blobs travel; the blobs themselves travel as streams.</summary>
internal static class BlobFormats
{
    public static IReadOnlyList<MessageFormat> All { get; } =
    [
        MessageFormat.Of<RequestBlob, V1.RequestBlob>(
            "RB", message => new() { Sha256 = Write(message.Blob) }, wire => new(Read(wire.Sha256))),
        MessageFormat.Of<BlobUnknown, V1.BlobUnknown>(
            "BU", message => new() { Sha256 = Write(message.Blob) }, wire => new(Read(wire.Sha256))),
    ];

    public static V1.Blob Write(BlobReference blob) => new() { Sha256 = Write(blob.Id), Length = blob.Length };

    public static BlobReference Read(V1.Blob? wire) => Fields.Required(wire) is { Length: > 0 } blob
        ? new BlobReference(Read(blob.Sha256), blob.Length)
        : throw new WireException($"A blob has more than {wire!.Length} bytes.");

    public static ByteString Write(BlobId id) => ByteString.CopyFrom(Convert.FromHexString(id.ToString()));

    public static BlobId Read(ByteString hash) => BlobId.TryParse(Convert.ToHexStringLower(hash.Span), out var id)
        ? id
        : throw new WireException($"{hash.Length} bytes are no blob's name.");
}
