using System.Security.Cryptography;
using ActorHutch.Curvature.Data.Bytes;

namespace ActorHutch.Shared.Jobs;

/// <summary>A blob's name: the SHA-256 of its bytes. Equal names, equal bytes.</summary>
public readonly record struct BlobId
{
    private readonly string? _hash;

    private BlobId(string hash) => _hash = hash;

    /// <summary>The name as 64 digits of lower-case hexadecimal: safe as a file's name.</summary>
    public override string ToString() => _hash ?? new string('0', 2 * SHA256.HashSizeInBytes);

    /// <summary>The name of some bytes.</summary>
    public static BlobId Of(ReadOnlySpan<byte> content) => new(Convert.ToHexStringLower(SHA256.HashData(content)));

    /// <summary>The name of a content whose hash is known.</summary>
    public static BlobId Of(ContentHashes content)
    {
        ArgumentNullException.ThrowIfNull(content);
        return new BlobId(content.Sha256);
    }

    /// <summary>The name of a content whose SHA-256 is known.</summary>
    /// <exception cref="ArgumentException">These are not the bytes of one.</exception>
    public static BlobId OfHash(ReadOnlySpan<byte> hash) => hash.Length == SHA256.HashSizeInBytes
        ? new(Convert.ToHexStringLower(hash))
        : throw new ArgumentException($"{hash.Length} bytes are no SHA-256.", nameof(hash));

    /// <summary>Reads a name; nothing but 64 digits of lower-case hexadecimal is one.</summary>
    public static bool TryParse(string? text, out BlobId id)
    {
        bool right = text is { Length: 2 * SHA256.HashSizeInBytes } && text.All(char.IsAsciiHexDigitLower);
        id = right ? new BlobId(text!) : default;
        return right;
    }
}

/// <summary>What a message says of a blob in the blob's place.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Length">Its bytes. From a peer it is a claim: it bounds what is taken, and nothing is allocated by it.</param>
public sealed record BlobReference(BlobId Id, long Length)
{
    /// <summary>What a message says of a content.</summary>
    public static BlobReference Of(ContentHashes content)
    {
        ArgumentNullException.ThrowIfNull(content);
        return new BlobReference(BlobId.Of(content), content.Length);
    }
}
