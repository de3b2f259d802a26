namespace ActorHutch.Shared.Jobs;

/// <summary>A file that a job is made from. What counts is what is in it: its name may differ from machine to machine.</summary>
/// <param name="Path">Where it is, as it was named; null where only its content is known.</param>
/// <param name="Id">Its content's SHA-256; null until it has been read.</param>
/// <param name="Length">Its bytes; 0 until it has been read.</param>
public sealed record InputFile(string? Path, BlobId? Id = null, long Length = 0)
{
    /// <summary>
    /// The name of the list of hashes of its segments, where workers elsewhere fetch those segments that they read; null
    /// where they fetch all of it before they begin.
    /// </summary>
    public BlobId? Segments { get; init; }

    /// <summary>Its content, as messages name it.</summary>
    /// <exception cref="InvalidOperationException">It has not been read.</exception>
    public BlobReference Content => Id is { } id
        ? new BlobReference(id, Length)
        : throw new InvalidOperationException($"{Path} has not been read.");

    /// <summary>What people know it by: its name without its folder, or the beginning of its hash.</summary>
    public string Name => Path is null ? Id.ToString()![..12] : System.IO.Path.GetFileName(Path);

    /// <summary>Whether both are the same file: by content where that is known.</summary>
    public bool Equals(InputFile? other) => other is not null
        && (Id is null && other.Id is null ? Path == other.Path : Id == other.Id);

    /// <inheritdoc/>
    public override int GetHashCode() => Id?.GetHashCode() ?? Path?.GetHashCode(StringComparison.Ordinal) ?? 0;
}
