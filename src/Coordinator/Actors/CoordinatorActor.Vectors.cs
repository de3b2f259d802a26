using System.Globalization;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Operators;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using ActorHutch.Shared.Wire;
using Akka.Actor;
using Akka.Streams;

namespace ActorHutch.Coordinator.Actors;

/// <content>Vectors of all parameters: within the process they are passed on as they are, and elsewhere fetched as blobs.</content>
internal sealed partial class CoordinatorActor
{
    /// <summary>Vectors that are offered: those of the range of chunks whose turn it is, and of the one before.</summary>
    private const int MostOffered = 2;

    private readonly Queue<(ProbeValues Vectors, BlobReference Blob)> _offered = [];
    private readonly Lazy<IMaterializer> _materializer;

    /// <summary>A message to a worker, with the vectors that its chunk multiplies.</summary>
    private ICoordinatorMessage WithVectors(ICoordinatorMessage message, IActorRef worker, RunningJob job)
    {
        if (message is not RunChunk chunk || job.Results?.VectorsOf(chunk.Tile) is not { } vectors) return message;
        if (worker is IActorRefScope { IsLocal: true }) return chunk with { Vectors = vectors };
        if (_offered.All(one => one.Vectors != vectors))
        {
            _offered.Enqueue((vectors, _blobs.Add(BlobValues.Write(vectors))));
            while (_offered.Count > MostOffered) _blobs.Remove(_offered.Dequeue().Blob.Id);
        }

        return chunk with { VectorsBlob = _offered.First(one => one.Vectors == vectors).Blob };
    }

    /// <summary>What a journal holds at most of vectors: it is read into memory as a whole.</summary>
    private const long MostKept = 8L << 30;

    /// <summary>So many products a search for eigenvalues may take before its journal is full.</summary>
    private const long UsualProducts = 100;

    /// <summary>Why a job's vectors are too many for a journal; null where they are not.</summary>
    private static string? TooMuchToKeep(JobState state)
    {
        if (state.Replica is not { Shapes.Count: > 0 } replica || state.Grid is not { } grid) return null;
        long chunks = state.Spec.Estimator.TakesTurns ? Math.Min(grid.Count, UsualProducts * grid.Shards) : grid.Count;
        double bytes = (double)chunks * replica.Columns * sizeof(double) * state.Spec.Estimator.RowsOf(grid.ChunkSize);
        return bytes <= MostKept ? null : string.Create(
            CultureInfo.InvariantCulture,
            $"The state directory would hold {bytes / 1e9:N0} GB, {chunks:N0} chunks of {replica.Columns:N0} values each, and at most {MostKept / 1e9:N0} GB are kept. Use fewer shards, with --shard, or leave out --state.");
    }

    /// <summary>Fetches what a worker has computed, off this actor's thread, and takes it as if the worker had said it now.</summary>
    private void OnChunkOffered(ChunkOffered offered)
    {
        if (_job is not { State: { Phase: JobPhase.Running, Replica: { } replica } state } job || offered.Job != state.Job || !_workers.ContainsKey(Sender)) return;
        var (self, worker, materializer) = (Self, Sender, _materializer.Value);
        // As many as the widest chunk's.
        long most = (long)replica.Columns * state.Spec.Estimator.RowsOf(state.Spec.ChunkSize);
        Context.System.Dispatchers.DefaultGlobalDispatcher
            .RunAsync(() => BlobValues.FetchAsync(worker, offered.Values, most, materializer, () => { }, job.Over))
            .PipeTo(
                self,
                worker,
                success: values => new ChunkDone(offered.Job, offered.Chunk, offered.Attempt, values, offered.ComputeSeconds, offered.WaitSeconds),
                failure: error => new ChunkFailed(offered.Job, offered.Chunk, offered.Attempt, $"its values could not be fetched: {error.Message}", Retriable: true));
    }
}
