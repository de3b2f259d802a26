using ActorHutch.Shared.Jobs;
using Akka.Actor;
using Akka.Streams;
using Akka.Streams.Dsl;

namespace ActorHutch.Shared.Blobs;

/// <summary>Brings a blob into memory: one that is used once.</summary>
public static class BlobReader
{
    private const int MaxAttempts = 3;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2), Patience = TimeSpan.FromSeconds(30);

    /// <summary>The blob's bytes. The calling thread is not held up.</summary>
    /// <param name="source">Gives the blob: a <see cref="BlobActor"/>, or who forwards to one.</param>
    /// <param name="blob">The blob.</param>
    /// <param name="most">More bytes are not taken.</param>
    /// <param name="materializer">Runs the stream.</param>
    /// <param name="progressed">Is called for each piece that comes, on any thread.</param>
    /// <param name="cancellation">Gives it up.</param>
    /// <exception cref="BlobException">It cannot be had.</exception>
    public static async Task<byte[]> ReadAsync(
        ICanTell source, BlobReference blob, long most, IMaterializer materializer, Action progressed, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(blob);
        if (blob.Length > Math.Min(most, Array.MaxLength)) throw new BlobException($"Blob {blob.Id} has {blob.Length:N0} bytes according to its sender; {most:N0} are accepted.");
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await TryReadAsync(source, blob, materializer, progressed, cancellation).ConfigureAwait(false);
            }
            catch (Exception error) when (error is not (BlobException or OperationCanceledException))
            {
                // The link broke, or bytes were lost: from the beginning.
                if (attempt == MaxAttempts) throw new BlobException($"Blob {blob.Id} could not be fetched in {attempt} attempts: {error.Message}", error);
                await Task.Delay(Pause, cancellation).ConfigureAwait(false);
            }
        }
    }

    private static async Task<byte[]> TryReadAsync(
        ICanTell source, BlobReference blob, IMaterializer materializer, Action progressed, CancellationToken cancellation)
    {
        object answer = await source.Ask<object>(new RequestBlob(blob.Id), Patience, cancellation).ConfigureAwait(false);
        if (answer is not ISourceRef<byte[]> pieces)
        {
            throw answer is BlobUnknown
                ? new BlobException($"There is no blob {blob.Id} any more.")
                : new InvalidDataException($"{answer.GetType().Name} is no answer to a request for a blob.");
        }

        // It grows with what comes: nothing is allocated by what a peer claims.
        using var content = new MemoryStream();
        await pieces.Source
            .IdleTimeout(Patience)
            .Via(cancellation.AsFlow<byte[]>(cancelGracefully: false))
            .RunForeach(
                piece =>
                {
                    if (piece.Length > blob.Length - content.Length) throw new InvalidDataException($"More than its {blob.Length:N0} bytes came.");
                    content.Write(piece);
                    progressed();
                },
                materializer)
            // The actors that run the stream may be stopped before they hear of it.
            .WaitAsync(cancellation).ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
        byte[] bytes = content.ToArray();
        return BlobId.Of(bytes) == blob.Id ? bytes : throw new InvalidDataException($"{bytes.Length:N0} bytes of another content came.");
    }
}
