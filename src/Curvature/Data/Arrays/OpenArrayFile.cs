using ActorHutch.Curvature.Data.Bytes;

namespace ActorHutch.Curvature.Data.Arrays;

/// <summary>A file whose arrays were found.</summary>
/// <param name="bytes">The file.</param>
/// <param name="arrays">Its arrays.</param>
/// <param name="unpacked">What was, or will be, unpacked from it.</param>
internal sealed class OpenArrayFile(
    ByteSource bytes, IReadOnlyList<StoredArray> arrays, params IReadOnlyList<IDisposable> unpacked) : ArrayFile
{
    public override string Path => bytes.Place;

    public override IReadOnlyList<StoredArray> Arrays => arrays;

    public override IReadOnlyDictionary<string, string> Metadata => Said ?? base.Metadata;

    /// <summary>What the file says of itself; null for nothing.</summary>
    public IReadOnlyDictionary<string, string>? Said { get; init; }

    public override void Dispose()
    {
        foreach (var content in unpacked) content.Dispose();
        bytes.Dispose();
    }
}
