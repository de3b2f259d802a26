using ActorHutch.Shared.Actors;
using ActorHutch.Shared.Jobs;
using Akka;
using Akka.Actor;
using Akka.Streams;
using Akka.Streams.Dsl;

namespace ActorHutch.Shared.Blobs;

/// <summary>
/// Gives blobs to whoever asks, as stream references: the receiver's demand alone moves the bytes, a piece at a time, so
/// that neither side holds more than a few pieces and heartbeats find the line free.
/// </summary>
public sealed class BlobActor : HandlerActor
{
    /// <summary>Bytes in a piece; the last one of a blob may be shorter.</summary>
    public const int PieceBytes = 1 << 16;

    /// <summary>Its name under <c>/user</c>.</summary>
    public const string Name = "blobs";

    /// <summary>Its path in its own actor system.</summary>
    public const string Path = "/user/" + Name;

    /// <summary>More receivers at once than this wait for their turn: each takes some two megabytes.</summary>
    public const int MaxStreams = 32;

    private readonly BlobStore _store;
    private readonly Queue<(BlobId Blob, IActorRef Receiver)> _waiting = [];
    private readonly ActorMaterializer _materializer = Context.Materializer();
    private int _streams;

    /// <summary>An actor that gives what a store has.</summary>
    public BlobActor(BlobStore store, Action<BlobId>? given)
    {
        _store = store;
        Receive<RequestBlob>(request =>
        {
            _waiting.Enqueue((request.Blob, Sender));
            ServeNext();
        });
        Receive<StreamEnded>(ended =>
        {
            _streams--;
            given?.Invoke(ended.Blob);
            ServeNext();
        });
    }

    /// <summary>How to make one.</summary>
    /// <param name="store">What it gives.</param>
    /// <param name="given">Is called, on the actor's thread, when all of a blob is on its way, or its receiver is gone; null for nothing.</param>
    public static Props Props(BlobStore store, Action<BlobId>? given = null) => ActorProps.Of(() => new BlobActor(store, given));

    /// <inheritdoc/>
    protected override void PostStop() => _materializer.Dispose();

    private void ServeNext()
    {
        while (_streams < MaxStreams && _waiting.TryDequeue(out var request)) Serve(request.Blob, request.Receiver);
    }

    private void Serve(BlobId blob, IActorRef receiver)
    {
        if (_store.Open(blob) is not { } stream)
        {
            receiver.Tell(new BlobUnknown(blob));
            return;
        }

        _streams++;
        var self = Self;
        // The disk may take its time, and an actor must not.
        Source.UnfoldResourceAsync(() => Task.FromResult(stream), opened => Task.Run(() => ReadPiece(opened)), Close)
            .WatchTermination((_, ended) =>
            {
                ended.ContinueWith(_ => self.Tell(new StreamEnded(blob)), TaskScheduler.Default);
                return NotUsed.Instance;
            })
            .ToMaterialized(StreamRefs.SourceRef<byte[]>(), Keep.Right)
            .Run(_materializer)
            .PipeTo(receiver, self);
    }

    private static Akka.Util.Option<byte[]> ReadPiece(Stream stream)
    {
        byte[] piece = new byte[PieceBytes];
        int read = stream.ReadAtLeast(piece, PieceBytes, throwOnEndOfStream: false);
        return read == 0 ? Akka.Util.Option<byte[]>.None : read == PieceBytes ? piece : piece[..read];
    }

    private static async Task<Done> Close(Stream stream)
    {
        await stream.DisposeAsync().ConfigureAwait(false);
        return Done.Instance;
    }

    private sealed record StreamEnded(BlobId Blob);
}
