using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;

namespace ActorHutch.Shared.Blobs;

/// <summary>
/// A worker lacks a blob, or the coordinator the values that a worker offers. It is answered by a stream reference to the blob's bytes, or by <see cref="BlobUnknown"/>.
/// </summary>
/// <param name="Blob">The blob.</param>
public sealed record RequestBlob(BlobId Blob) : IWorkerMessage, ICoordinatorMessage;

/// <summary>There is no such blob here, or it cannot be read any more.</summary>
/// <param name="Blob">The blob.</param>
public sealed record BlobUnknown(BlobId Blob) : ICoordinatorMessage, IWorkerMessage;
