using ActorHutch.Curvature.Data;
using Akka.Actor;
using Akka.Streams;
using Akka.Streams.Dsl;

namespace ActorHutch.Shared.Blobs;

/// <summary>A blob cannot be had, and the message says why.</summary>
public sealed class BlobException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>Brings the blobs that a worker lacks into its cache.</summary>
/// <param name="cache">Where they go.</param>
/// <param name="materializer">Runs the streams.</param>
/// <param name="time">Measures the pauses between attempts; the system's where it is null.</param>
public sealed class BlobFetcher(BlobCache cache, IMaterializer materializer, TimeProvider? time = null)
{
    /// <summary>How often it is tried, all in all. Default: 5.</summary>
    public int MaxAttempts { get; init; } = 5;

    /// <summary>The time between two attempts. Default: 2 s.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long to wait for an answer, and for each piece. Default: 30 s.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Is called for each piece that comes, on any thread. Default: nothing is.</summary>
    public Action Progressed { get; init; } = () => { };

    /// <summary>The file that holds a blob: the cache's, or a new one. The calling thread is not held up.</summary>
    /// <param name="source">The coordinator's <see cref="BlobActor"/>.</param>
    /// <param name="blob">The blob.</param>
    /// <param name="cancellation">Gives it up.</param>
    /// <returns>The open file, the caller's to dispose of.</returns>
    /// <exception cref="BlobException">It cannot be had.</exception>
    public async Task<HashedFile> FetchAsync(ICanTell source, BlobReference blob, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(blob);
        if (blob.Length < 1 || blob.Length > cache.MaxBlobBytes)
            throw new BlobException($"Blob {blob.Id} is said to have {blob.Length:N0} bytes; 1 to {cache.MaxBlobBytes:N0} are taken.");
        if (await cache.FindAsync(blob.Id).ConfigureAwait(false) is { } file) return file;

        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await TryFetchAsync(source, blob, cancellation).ConfigureAwait(false);
            }
            catch (Exception error) when (error is not (BlobException or OperationCanceledException) && attempt >= MaxAttempts)
            {
                throw new BlobException($"Blob {blob.Id} could not be fetched in {attempt} attempts: {error.Message}", error);
            }
            catch (Exception error) when (error is not (BlobException or OperationCanceledException))
            {
                // The link broke, the sender is being started again, or bytes were lost: from the beginning.
                await Task.Delay(Pause, time ?? TimeProvider.System, cancellation).ConfigureAwait(false);
            }
        }
    }

    private async Task<HashedFile> TryFetchAsync(ICanTell source, BlobReference blob, CancellationToken cancellation)
    {
        object answer = await source.Ask<object>(new RequestBlob(blob.Id), Patience, cancellation).ConfigureAwait(false);
        if (answer is not ISourceRef<byte[]> pieces)
            throw answer is BlobUnknown
                ? new BlobException($"The coordinator has no blob {blob.Id}.")
                : new InvalidDataException($"{answer.GetType().Name} is no answer to a request for a blob.");

        var (path, file) = cache.Begin();
        try
        {
            ContentHashes content;
            await using (file.ConfigureAwait(false))
                content = await ReceiveAsync(pieces, blob, file, cancellation).ConfigureAwait(false);
            return cache.Finish(path, content);
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Writes what comes, piece by piece, and no more than there should be.</summary>
    private async Task<ContentHashes> ReceiveAsync(
        ISourceRef<byte[]> pieces, BlobReference blob, FileStream file, CancellationToken cancellation)
    {
        using var hashes = new ContentHashes.Builder();
        await pieces.Source
            .IdleTimeout(Patience)
            .Via(cancellation.AsFlow<byte[]>(cancelGracefully: false))
            .SelectAsync(1, async piece =>
            {
                if (piece.Length > blob.Length - hashes.Length)
                    throw new InvalidDataException($"More than its {blob.Length:N0} bytes came.");
                hashes.Append(piece);
                await file.WriteAsync(piece, cancellation).ConfigureAwait(false);
                Progressed();
                return Akka.NotUsed.Instance;
            })
            .RunWith(Sink.Ignore<Akka.NotUsed>(), materializer).ConfigureAwait(false);

        cancellation.ThrowIfCancellationRequested();
        if (hashes.Length != blob.Length) throw new InvalidDataException($"{hashes.Length:N0} of its {blob.Length:N0} bytes came.");
        var content = hashes.Finish();
        if (BlobId.Of(content) != blob.Id) throw new InvalidDataException($"What came is blob {content.Sha256}.");
        // Here a stream's actor may be what goes on, and the disk may take its time.
        await Task.Run(() => file.Flush(flushToDisk: true), CancellationToken.None).ConfigureAwait(false);
        return content;
    }
}
