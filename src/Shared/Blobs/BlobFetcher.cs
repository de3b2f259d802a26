using ActorHutch.Curvature.Data.Bytes;
using ActorHutch.Shared.Jobs;
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

    /// <summary>Is called for each piece that comes, here or to who fetches the same blob, on any thread. Default: nothing is.</summary>
    public Action Progressed { get; init; } = () => { };

    /// <summary>Is called with the bytes of each piece that comes here, on any thread. Default: nothing is.</summary>
    public Action<int> Received { get; init; } = _ => { };

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
            throw new BlobException($"Blob {blob.Id} has {blob.Length:N0} bytes according to its sender; 1 to {cache.MaxBlobBytes:N0} are accepted.");
        while (true)
        {
            // First, or another one could have brought it between a look into the cache and this.
            using var fetch = await cache.Fetches.TakeAsync(blob.Id, Progressed, cancellation).ConfigureAwait(false);
            if (await cache.FindAsync(blob.Id).ConfigureAwait(false) is { } file) return file;
            if (fetch is not null) return await FetchAsync(source, blob, fetch, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// A file whose segments come when they are read. Only the list of their hashes comes now.
    /// </summary>
    /// <param name="source">Says, for each segment, where it comes from now.</param>
    /// <param name="name">What messages call the file.</param>
    /// <param name="content">The file.</param>
    /// <param name="segments">The name of the list.</param>
    /// <exception cref="BlobException">The list cannot be had.</exception>
    public async Task<SegmentedFile> FetchSegmentsAsync(Func<BlobSource> source, string name, BlobReference content, BlobId segments)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(content);
        if (content.Length < 1 || content.Length > cache.MaxSegmentedBytes)
        {
            throw new BlobException(
                $"{name} has {content.Length:N0} bytes according to its sender; 1 to {cache.MaxSegmentedBytes:N0} are read in segments.");
        }

        var list = new BlobReference(segments, SegmentHashes.ListLength(content.Length));
        byte[] hashes;
        using (var file = await FetchAsync(source().Actor, list, source().Cancellation).ConfigureAwait(false))
        {
            // As many bytes as came.
            hashes = new byte[file.Content.Length];
            using var stream = file.OpenRead();
            stream.ReadExactly(hashes);
        }

        return new SegmentedFile(name, content.Id, new SegmentHashes(content.Length, hashes), cache, blob =>
        {
            var now = source();
            return FetchAsync(now.Actor, blob, now.Cancellation);
        });
    }

    private async Task<HashedFile> FetchAsync(
        ICanTell source, BlobReference blob, BlobFetches.Fetch fetch, CancellationToken cancellation)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await TryFetchAsync(source, blob, fetch, cancellation).ConfigureAwait(false);
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

    private async Task<HashedFile> TryFetchAsync(
        ICanTell source, BlobReference blob, BlobFetches.Fetch fetch, CancellationToken cancellation)
    {
        object answer = await source.Ask<object>(new RequestBlob(blob.Id), Patience, cancellation).ConfigureAwait(false);
        if (answer is not ISourceRef<byte[]> pieces)
            throw answer is BlobUnknown
                ? new BlobException($"The coordinator has no blob {blob.Id}.")
                : new InvalidDataException($"{answer.GetType().Name} is no answer to a request for a blob.");

        var (path, file) = OnDisk(cache.Begin);
        try
        {
            ContentHashes content;
            await using (file.ConfigureAwait(false))
                content = await ReceiveAsync(pieces, blob, fetch, file, cancellation).ConfigureAwait(false);
            return OnDisk(() => cache.Finish(path, content));
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Writes what comes, piece by piece, and no more than there should be.</summary>
    private async Task<ContentHashes> ReceiveAsync(
        ISourceRef<byte[]> pieces, BlobReference blob, BlobFetches.Fetch fetch, FileStream file, CancellationToken cancellation)
    {
        BlobException? full = null;
        using var hashes = new ContentHashes.Builder();
        try
        {
            await pieces.Source
                .IdleTimeout(Patience)
                .Via(cancellation.AsFlow<byte[]>(cancelGracefully: false))
                .SelectAsync(1, async piece =>
                {
                    Received(piece.Length);
                    if (piece.Length > blob.Length - hashes.Length)
                        throw new InvalidDataException($"More than its {blob.Length:N0} bytes came.");
                    hashes.Append(piece);
                    try
                    {
                        await file.WriteAsync(piece, cancellation).ConfigureAwait(false);
                    }
                    catch (IOException error)
                    {
                        throw full = NotWritten(error);
                    }

                    Progressed();
                    fetch.Progress();
                    return Akka.NotUsed.Instance;
                })
                .RunWith(Sink.Ignore<Akka.NotUsed>(), materializer)
            // The actors that run the stream may be stopped before they hear of it.
            .WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch when (full is not null)
        {
            throw full;
        }

        cancellation.ThrowIfCancellationRequested();
        if (hashes.Length != blob.Length) throw new InvalidDataException($"{hashes.Length:N0} of its {blob.Length:N0} bytes came.");
        var content = hashes.Finish();
        if (BlobId.Of(content) != blob.Id) throw new InvalidDataException($"What came is blob {content.Sha256}.");
        // Here a stream's actor may be what goes on, and the disk may take its time. What is small is soon fetched again where
        // the machine goes down before it is on the disk: its hash tells.
        bool durable = blob.Length > SegmentHashes.SegmentSize;
        await Task.Run(() => OnDisk(() => { file.Flush(durable); return true; }), CancellationToken.None).ConfigureAwait(false);
        return content;
    }

    /// <summary>Asking again makes no room on a disk.</summary>
    private T OnDisk<T>(Func<T> write)
    {
        try
        {
            return write();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw NotWritten(error);
        }
    }

    private BlobException NotWritten(Exception error) => new(
        $"The cache {cache.Directory} cannot be written to: {error.Message} Free space there, or name another folder with --cache.", error);
}
