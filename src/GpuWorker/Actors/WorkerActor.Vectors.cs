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

    /// <summary>What the last pieces of a result may take to their receiver.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(2);

    private readonly BlobStore _offers = new();
    private readonly Queue<Offered> _offered = [];
    private IActorRef? _blobs;
    private (BlobId Id, Task<ProbeValues> Values)? _vectors;

    private bool IsRemote => _coordinator is IActorRefScope { IsLocal: false };

    /// <summary>Fetches the vectors of a chunk, once for all chunks that multiply them.</summary>
    private void BringVectors(RunChunk chunk, BlobReference blob)
    {
        if (_vectors is not { } brought || brought.Id != blob.Id || brought.Values.IsFaulted || brought.Values.IsCanceled)
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

    private void OnDone(ChunkDone done, Action<ChunkDone, ChunkAttempt> answer)
    {
        Count(done);
        if (IsTooLarge(done)) Offer(done);
        else answer(done, new ChunkAttempt(done.Chunk, done.Attempt));
    }

    private bool IsTooLarge(ChunkDone done) => IsRemote && done.Job == _job && done.Values.Values.Length > WireFrame.MaxValues;

    /// <summary>Keeps a result until the coordinator has fetched it; until then the chunk is this worker's.</summary>
    private void Offer(ChunkDone done)
    {
        var self = Self;
        _blobs ??= Context.ActorOf(BlobActor.Props(_offers, id => self.Tell(new Delivered(id))), BlobActor.Name);
        var blob = _offers.Add(BlobValues.Write(done.Values));
        var offered = new Offered(new ChunkOffered(done.Job, done.Chunk, done.Attempt, blob, done.ComputeSeconds, done.WaitSeconds));
        _offered.Enqueue(offered);
        while (_offered.Count > MostOffered) Withdraw();
        Progressed();
        Say(offered.Message);
    }

    /// <summary>
    /// A message is lost where a connection breaks. What nobody has asked for since is offered again: else the chunk would be this worker's
    /// for ever, and the coordinator, which is told so, would wait for it.
    /// </summary>
    private void OfferAgain()
    {
        foreach (var offered in _offered.Where(offered => !offered.WasAskedFor && _chunks.ContainsKey(offered.Attempt))) Say(offered.Message);
    }

    private void Withdraw()
    {
        var id = _offered.Dequeue().Message.Values.Id;
        // Two chunks may come to the same bytes, such as those of shards that do not count.
        if (_offered.All(other => other.Message.Values.Id != id)) _offers.Remove(id);
    }

    /// <summary>Forgets what belongs to the job of before: each is as large as all parameters.</summary>
    private void ForgetVectors()
    {
        _vectors = null;
        while (_offered.Count > 0) Withdraw();
    }

    private void OnRequestBlob(RequestBlob request)
    {
        Progressed();
        foreach (var offered in _offered.Where(offered => offered.Message.Values.Id == request.Blob)) offered.WasAskedFor = true;
        if (_blobs is null) Sender.Tell(new BlobUnknown(request.Blob));
        else _blobs.Forward(request);
    }

    private void OnDelivered(Delivered delivered) => AttemptsOf(delivered).ForEach(OnAnswered);

    /// <summary>The chunks of which a blob is the result, and which are this worker's no longer.</summary>
    private List<ChunkAttempt> AttemptsOf(Delivered delivered) =>
        [.. _offered.Where(offered => offered.Message.Values.Id == delivered.Blob).Select(offered => offered.Attempt)];

    private sealed record VectorsBrought(RunChunk Chunk, ChunkAttempt Attempt);

    private sealed record Delivered(BlobId Blob);

    private sealed class Offered(ChunkOffered message)
    {
        public ChunkOffered Message => message;

        public ChunkAttempt Attempt => new(message.Chunk, message.Attempt);

        public bool WasAskedFor { get; set; }
    }
}
