using ActorHutch.Curvature.Data.Bytes;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.GpuWorker.Replicas;

/// <summary>The files that a replica is made from, open on this machine. They must be open as long as it is used.</summary>
/// <param name="files">The files, by their content.</param>
/// <param name="owned">Those of them that are closed with this; the others stay somebody else's. Null for none.</param>
public sealed class ReplicaFiles(
    IReadOnlyDictionary<BlobId, HashedFile> files, IReadOnlyList<HashedFile>? owned = null) : IDisposable
{
    /// <summary>None, as the built-in example needs.</summary>
    public static ReplicaFiles None { get; } = new(new Dictionary<BlobId, HashedFile>());

    /// <summary>The open file.</summary>
    public HashedFile this[InputFile file]
    {
        get
        {
            ArgumentNullException.ThrowIfNull(file);
            return files[file.Content.Id];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var file in owned ?? []) file.Dispose();
    }
}
