using ActorHutch.Curvature;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Operators;
using ActorHutch.Fakes;
using ActorHutch.GpuWorker.Actors;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using ActorHutch.Shared.Wire;
using Akka.Actor;
using Akka.Streams;

namespace ActorHutch.GpuWorker.Tests.Actors;

/// <summary>Vectors and products of all parameters between a worker and a coordinator, which the test plays, in another process.</summary>
public sealed class RemoteVectorsTests : RemoteWorkerTestKit
{
    /// <summary>Rows of forty values each that are more than a message holds.</summary>
    private const int Many = 400;

    private readonly Guid _job = Guid.NewGuid();
    private readonly BlobStore _store = new();
    private readonly ActorMaterializer _materializer;

    public RemoteVectorsTests()
    {
        _materializer = Sys.Materializer();
        Sys.ActorOf(BlobActor.Props(_store), BlobActor.Name);
    }

    [Fact]
    public async Task It_fetches_vectors_once_and_offers_their_products()
    {
        int opened = 0;
        var (vectors, blob) = Offered(Many, content =>
        {
            opened++;
            return new MemoryStream(content);
        });
        var ready = Prepare(Many);
        Assert.Equal(FakeQuadraticForm.ProductShapes, ready.Shapes);
        Assert.Equal(2, FishForMessage<RequestWork>(_ => true).Count);

        Run(0, blob, Many);
        Run(1, blob, Many);
        for (int i = 0; i < 2; i++)
        {
            var offered = FishForMessage<ChunkOffered>(_ => true);
            var products = await Fetch(offered);

            Assert.Equal((_job, 1), (offered.Job, offered.Attempt));
            Assert.Equal(Expected(vectors, offered.Chunk).Digest, products.Digest);
            // One comes for each that it is rid of.
            Assert.Equal(1, FishForMessage<RequestWork>(_ => true).Count);
        }

        Assert.Equal(1, opened);
    }

    [Fact]
    public void Products_that_fit_a_message_are_in_it()
    {
        var (vectors, blob) = Offered(3);
        Prepare(3);

        Run(2, blob, 3);

        Assert.Equal(Expected(vectors, 2).Digest, FishForMessage<ChunkDone>(_ => true).Values.Digest);
    }

    [Fact]
    public async Task An_offer_that_was_lost_is_made_again_and_one_that_was_fetched_is_not()
    {
        var (vectors, blob) = Offered(Many);
        Prepare(Many);
        Run(0, blob, Many);

        // As if they had not come.
        FishForMessage<ChunkOffered>(_ => true);
        FishForMessage<ChunkOffered>(_ => true);
        Assert.Equal([new ChunkAttempt(0, 1)], FishForMessage<WorkerStatus>(_ => true).Chunks);
        Assert.Equal(Expected(vectors, 0).Digest, (await Fetch(FishForMessage<ChunkOffered>(_ => true))).Digest);

        // Those that crossed the fetching are before the first status without the chunk.
        FishForMessage<WorkerStatus>(status => status.Chunks.Count == 0);
        FishForMessage(message => message is WorkerStatus ? true : message is ChunkOffered ? throw new InvalidOperationException("It was offered again.") : false);
    }

    /// <summary>As it happens where an attempt was thought to be lost; and shards that do not count come to the same bytes too.</summary>
    [Fact]
    public async Task Two_attempts_of_the_same_bytes_are_over_when_these_were_fetched()
    {
        var (_, blob) = Offered(Many);
        Prepare(Many);
        Run(0, blob, Many, attempt: 1);
        Run(0, blob, Many, attempt: 2);
        FishForMessage<ChunkOffered>(offered => offered.Attempt == 1);
        var second = FishForMessage<ChunkOffered>(offered => offered.Attempt == 2);

        await Fetch(second);

        Assert.Empty(FishForMessage<WorkerStatus>(status => status.Chunks.Count == 0).Chunks);
    }

    [Fact]
    public void Vectors_that_are_not_there_any_more_are_no_fault_of_the_chunk_s()
    {
        var (_, blob) = Offered(Many);
        _store.Remove(blob.Id);
        Prepare(Many);

        Run(0, blob, Many);

        var failed = FishForMessage<ChunkFailed>(_ => true);
        Assert.Equal((0L, 1, true), (failed.Chunk, failed.Attempt, failed.Retriable));
        Assert.Equal($"its vectors could not be fetched: There is no blob {blob.Id} any more.", failed.What);
    }

    [Fact]
    public void A_worker_that_begins_the_job_anew_fetches_anew_what_it_gave_up()
    {
        using var hangs = new ManualResetEventSlim();
        using var begun = new ManualResetEventSlim();
        int opened = 0;
        var (vectors, blob) = Offered(3, content => ++opened == 1 ? new HangingStream(begun, hangs) : new MemoryStream(content));
        Prepare(3);
        Run(0, blob, 3);
        Assert.True(begun.Wait(TimeSpan.FromSeconds(20)));

        // Messages were lost, and the coordinator has it make its replica again.
        Prepare(3);
        Run(0, blob, 3, attempt: 2);

        var done = FishForMessage<ChunkDone>(_ => true);
        hangs.Set();
        Assert.Equal((2, Expected(vectors, 0).Digest), (done.Attempt, done.Values.Digest));
    }

    [Fact]
    public async Task A_worker_that_leaves_stays_until_all_that_it_computed_was_fetched()
    {
        var (vectors, blob) = Offered(Many);
        Prepare(Many);
        Run(0, blob, Many);
        Run(1, blob, Many);
        var offers = new[] { FishForMessage<ChunkOffered>(offered => offered.Chunk == 0), FishForMessage<ChunkOffered>(offered => offered.Chunk == 1) };
        Watch(Worker);

        AtHome.Tell(new Leave());

        Assert.Equal(2, FishForMessage<WorkerStatus>(status => status.Leaves).Chunks.Count);
        foreach (var offered in offers) Assert.Equal(Expected(vectors, offered.Chunk).Digest, (await Fetch(offered)).Digest);
        FishForMessage<Terminated>(gone => gone.ActorRef.Equals(Worker));
    }

    private ReplicaReady Prepare(int width)
    {
        Worker.Tell(
            new PrepareReplica(_job, new JobSpec { Estimator = Estimator.Eigenvalues, Probes = 1000 * width, VBatch = width, Risk = new RiskSource { Shard = 1 } }), TestActor);
        return FishForMessage<ReplicaReady>(_ => true);
    }

    /// <summary>Has it multiply the vectors with the matrix of one sample.</summary>
    private void Run(long sample, BlobReference vectors, int width, int attempt = 1) =>
        Worker.Tell(new RunChunk(_job, sample, attempt, new Tile(0, width, sample, 1)) { Keeps = true, VectorsBlob = vectors }, TestActor);

    private Task<ProbeValues> Fetch(ChunkOffered offered) => BlobValues.FetchAsync(
        Worker, offered.Values, Many * FakeQuadraticForm.Parameters, _materializer, () => { }, TestContext.Current.CancellationToken);

    private static ProbeValues Expected(ProbeValues vectors, long sample) =>
        FakeQuadraticForm.OfShard(FakeQuadraticForm.Products(vectors, 0, vectors.Count), new Tile(0, vectors.Count, sample, 1));

    /// <summary>Vectors that the coordinator has to give.</summary>
    private (ProbeValues Vectors, BlobReference Blob) Offered(int width, Func<byte[], Stream>? open = null)
    {
        var random = new Random(5);
        var vectors = new ProbeValues(0, FakeQuadraticForm.Parameters, [.. Enumerable.Range(0, width * FakeQuadraticForm.Parameters).Select(_ => random.NextDouble())]);
        byte[] content = BlobValues.Write(vectors);
        return (vectors, _store.Add(BlobId.Of(content), content.Length, () => open?.Invoke(content) ?? new MemoryStream(content)));
    }

    private sealed class HangingStream(ManualResetEventSlim begun, ManualResetEventSlim hangs) : MemoryStream
    {
        public override int Read(Span<byte> buffer)
        {
            begun.Set();
            hangs.Wait();
            return 0;
        }
    }
}
