using ActorHutch.Curvature.Operators;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using ActorHutch.Shared.Wire;
using Akka.Actor;

namespace ActorHutch.GpuWorker.Actors;

/// <content>Vectors of all parameters: from a coordinator elsewhere they are fetched, and to it they are offered.</content>
public sealed partial class WorkerActor
{
    /// <summary>Results that are kept to be fetched, or fetched again where the link broke.</summary>
    private const int MostOffered = 4;

    private readonly BlobStore _offers = new();
    private readonly Queue<BlobId> _offered = [];
    private IActorRef? _blobs;
    private (BlobId Id, Task<ProbeValues> Values)? _vectors;

    private bool IsRemote => _coordinator is IActorRefScope { IsLocal: false };

    /// <summary>Fetches the vectors of a chunk, once for all chunks that multiply them.</summary>
    private void BringVectors(RunChunk chunk, BlobReference blob)
    {
        if (_vectors is not { } brought || brought.Id != blob.Id || brought.Values.IsFaulted)
        {
            // What is too large for this process is its trouble; the coordinator has had it in memory.
            _vectors = brought = (blob.Id, BlobValues.FetchAsync(
                BlobsOf(_coordinator), blob, blob.Length, _materializer.Value, Progressed, _cancellation.Token));
        }

        var attempt = new ChunkAttempt(chunk.Chunk, chunk.Attempt);
        brought.Values.PipeTo(
            Self,
            success: values => new VectorsBrought(chunk with { Vectors = values, VectorsBlob = null }, attempt),
            failure: error => new ChunkFailed(chunk.Job, chunk.Chunk, chunk.Attempt, $"its vectors could not be fetched: {error.Message}", Retriable: true));
    }

    private void OnVectorsBrought(VectorsBrought brought)
    {
        if (brought.Chunk.Job != _job || !_chunks.ContainsKey(brought.Attempt)) return;
        var compute = new Compute(brought.Chunk, _cancellation.Token);
        _chunks[brought.Attempt] = compute;
        _compute.Tell(compute);
    }

    private bool IsTooLarge(ChunkDone done) => IsRemote && done.Job == _job && done.Values.Values.Length > WireFrame.MaxValues;

    /// <summary>Keeps a result until the coordinator has fetched it; until then the chunk is this worker's.</summary>
    private void Offer(ChunkDone done)
    {
        _blobs ??= Context.ActorOf(BlobActor.Props(_offers), BlobActor.Name);
        byte[] content = BlobValues.Write(done.Values);
        var (self, id, attempt) = (Self, BlobId.Of(content), new ChunkAttempt(done.Chunk, done.Attempt));
        var blob = _offers.Add(id, content.Length, () => new Delivery(content, () => self.Tell(new Delivered(attempt))));
        _offered.Enqueue(id);
        while (_offered.Count > MostOffered) _offers.Remove(_offered.Dequeue());
        Progressed();
        Say(new ChunkOffered(done.Job, done.Chunk, done.Attempt, blob, done.ComputeSeconds, done.WaitSeconds));
    }

    private void OnRequestBlob(RequestBlob request)
    {
        Progressed();
        if (_blobs is null) Sender.Tell(new BlobUnknown(request.Blob));
        else _blobs.Forward(request);
    }

    /// <summary>Bytes that say when whoever reads them is through.</summary>
    private sealed class Delivery(byte[] content, Action delivered) : MemoryStream(content, writable: false)
    {
        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            delivered();
        }
    }

    private sealed record VectorsBrought(RunChunk Chunk, ChunkAttempt Attempt);

    private sealed record Delivered(ChunkAttempt Attempt);
}
