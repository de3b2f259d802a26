using System.Diagnostics.Metrics;
using ActorHutch.Curvature;
using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Data.Bytes;
using ActorHutch.Curvature.Native;
using ActorHutch.Fakes;
using ActorHutch.GpuWorker.Actors;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using Akka.Actor;
using static TorchSharp.torch;

namespace ActorHutch.GpuWorker.Tests.Actors;

/// <summary>Data come to a worker in segments, when samples are read.</summary>
public sealed class WorkerSegmentsTests : WorkerTestKit
{
    private const int Segment = SegmentHashes.SegmentSize, Samples = 4096, Size = 512;

    /// <summary>Bytes of a sample; all inputs are whole segments, and the header before them makes some bytes of one more.</summary>
    private const int SampleBytes = Size * sizeof(float);

    private const int SamplesInSegment = Segment / SampleBytes;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Guid _job = Guid.NewGuid();
    private readonly ModelFiles _files = new();
    private readonly BlobStore _offered = new();
    private readonly string _id = $"worker-{Guid.NewGuid():N}";
    private readonly RiskSource _risk;
    private long _fetched;
    private Dataset? _samples;

    public WorkerSegmentsTests()
    {
        LibTorch.Load();
        byte[] targets = new byte[Samples * sizeof(long)];
        _files.Write("inputs.safetensors", ("inputs", "F32", [Samples, Size], _files.Reals(Samples * Size)));
        _files.Write("targets.safetensors", ("targets", "I64", [Samples], targets));
        _risk = new RiskSource { Model = "m", Inputs = Offer("inputs.safetensors"), Targets = Offer("targets.safetensors") };
        Sys.ActorOf(BlobActor.Props(_offered), BlobActor.Name);
    }

    private long ListLength => SegmentHashes.ListLength(_risk.Inputs!.Length);

    [Theory, InlineData(0), InlineData(Samples / 2)]
    public void A_worker_that_reads_half_of_the_samples_fetches_half_of_them(int half)
    {
        using var counter = Counting();
        var worker = Start(out var coordinator, (_, _) => (half, Samples / 2));
        Prepare(worker, coordinator);
        long begun = Interlocked.Read(ref _fetched);

        worker.Tell(new RunChunk(_job, 1, 1, new Tile(1, 1, 0, 40)), coordinator);

        coordinator.FishForMessage<ChunkDone>(_ => true, Patience);
        // Before it reads samples it has the list, the header, and the targets, which are less than a segment.
        Assert.Equal(ListLength + Segment + _risk.Targets!.Length, begun);
        Assert.InRange(Interlocked.Read(ref _fetched) - begun, Samples / 2 * SampleBytes, (Samples / 2 * SampleBytes) + Segment);
    }

    [Fact]
    public void What_was_fetched_is_said_when_the_job_is_over()
    {
        var worker = Start(out var coordinator, (_, _) => (0, 10));
        Prepare(worker, coordinator);

        EventFilter.Info(contains: $"fetched {Segment + ListLength} bytes of inputs.safetensors, which has {_risk.Inputs!.Length}, for job {_job}")
            .ExpectOne(() => worker.Tell(new EndJob(_job), coordinator));
    }

    /// <summary>The next chunk may do better, or another worker: nothing is wrong with the replica.</summary>
    [Fact]
    public void What_cannot_be_had_costs_a_chunk_and_not_the_replica()
    {
        var worker = Start(out var coordinator, (first, _) => (first * SamplesInSegment, 10));
        Prepare(worker, coordinator);
        // The file behind the third segment is cut short.
        string path = _files.PathOf("inputs.safetensors");
        using (var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) RandomAccess.SetLength(file, 3 * Segment);

        worker.Tell(new RunChunk(_job, 1, 1, new Tile(3, 1, 0, 40)), coordinator);
        var failed = coordinator.FishForMessage<ChunkFailed>(_ => true, Patience);
        worker.Tell(new RunChunk(_job, 2, 1, new Tile(1, 1, 0, 40)), coordinator);
        coordinator.FishForMessage<ChunkDone>(done => done.Chunk == 2, Patience);

        Assert.True(failed.Retriable);
        Assert.StartsWith("inputs.safetensors: Blob ", failed.What, StringComparison.Ordinal);
        Assert.Contains("could not be fetched in 5 attempts", failed.What, StringComparison.Ordinal);
    }

    /// <summary>A replica outlives its job, and what it reads later comes from the coordinator of that time.</summary>
    [Fact]
    public void The_next_job_reads_on_with_the_replica_of_before()
    {
        var factory = Factory((first, _) => (first * SamplesInSegment, 10));
        var worker = Start(out var coordinator, factory);
        Prepare(worker, coordinator);
        worker.Tell(new EndJob(_job), coordinator);
        var next = Guid.NewGuid();
        worker.Tell(new PrepareReplica(next, new JobSpec { VBatch = 1, Probes = 40, Seed = 4, Risk = _risk }), coordinator);
        coordinator.FishForMessage<ReplicaReady>(ready => ready.Job == next, Patience);

        worker.Tell(new RunChunk(next, 1, 1, new Tile(2, 1, 0, 40)), coordinator);

        coordinator.FishForMessage<ChunkDone>(_ => true, Patience);
        Assert.Single(factory.Created);
    }

    [Fact]
    public void Who_waits_for_data_leaves_the_job_at_once_and_says_nothing_of_it()
    {
        using var asked = new ManualResetEventSlim();
        using var gone = new ManualResetEventSlim();
        var factory = Factory((first, _) => (first * SamplesInSegment, 10));
        var worker = Start(out var coordinator, factory);
        Prepare(worker, coordinator);
        var file = _offered.FileOf(_risk.Inputs!.Content.Id)!;
        _offered.Add(BlobId.OfHash(file.Content.Segments![2]), Segment, () => new SlowStream(asked, gone));
        worker.Tell(new RunChunk(_job, 1, 1, new Tile(2, 1, 0, 40)), coordinator);
        Assert.True(asked.Wait(Patience, TestContext.Current.CancellationToken));

        var next = Guid.NewGuid();
        worker.Tell(new PrepareReplica(next, new JobSpec { VBatch = 1, Probes = 40, Seed = 4, Risk = new RiskSource() }), coordinator);

        // Its compute actor, which was waiting for data, makes another replica.
        coordinator.FishForMessage<ReplicaReady>(ready => ready.Job == next, Patience);
        gone.Set();
    }

    /// <summary>Its thread, and the replica's memory, are free for the worker that joins next.</summary>
    [Fact]
    public async Task A_node_that_goes_does_not_wait_for_data()
    {
        using var asked = new ManualResetEventSlim();
        using var gone = new ManualResetEventSlim();
        var ended = new TaskCompletionSource<Exception>();
        var read = Factory((first, _) => (first * SamplesInSegment, 10));
        var worker = Start(out var coordinator, new FakeReplicaFactory
        {
            OnFiles = read.OnFiles,
            OnEvaluate = (first, count, cancellation) =>
            {
                try
                {
                    read.OnEvaluate!(first, count, cancellation);
                }
                catch (Exception error)
                {
                    ended.SetResult(error);
                    throw;
                }
            },
        });
        Prepare(worker, coordinator);
        var file = _offered.FileOf(_risk.Inputs!.Content.Id)!;
        _offered.Add(BlobId.OfHash(file.Content.Segments![2]), Segment, () => new SlowStream(asked, gone));
        worker.Tell(new RunChunk(_job, 1, 1, new Tile(2, 1, 0, 40)), coordinator);
        Assert.True(asked.Wait(Patience, TestContext.Current.CancellationToken));

        var end = Sys.Terminate();

        Assert.IsAssignableFrom<OperationCanceledException>(await ended.Task.WaitAsync(Patience, TestContext.Current.CancellationToken));
        gone.Set();
        await end;
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _samples?.Dispose();
        _offered.Dispose();
        _files.Dispose();
    }

    private void Prepare(IActorRef worker, Akka.TestKit.TestProbe coordinator)
    {
        worker.Tell(new PrepareReplica(_job, new JobSpec { VBatch = 1, Probes = 40, Seed = 3, Risk = _risk }), coordinator);
        coordinator.FishForMessage<ReplicaReady>(_ => true, Patience);
    }

    /// <summary>A data set as a replica opens it, and the samples of a chunk, by its first probe.</summary>
    private FakeReplicaFactory Factory(Func<long, int, (long First, long Count)> samples) => new()
    {
        OnFiles = given =>
        {
            if (_samples is null) _samples = Dataset.Open(given[_risk.Inputs!], given[_risk.Targets!]);
        },
        OnEvaluate = (first, count, _) =>
        {
            // The warm-up's is the first probe.
            if (first == 0) return;
            var (start, length) = samples(first, count);
            var (inputs, targets) = _samples!.Read(start, length, ScalarType.Float32, CPU);
            inputs.Dispose();
            targets.Dispose();
        },
    };

    private IActorRef Start(out Akka.TestKit.TestProbe coordinator, Func<long, int, (long First, long Count)> samples) =>
        Start(out coordinator, Factory(samples));

    private IActorRef Start(out Akka.TestKit.TestProbe coordinator, FakeReplicaFactory factory)
    {
        var cache = new BlobCache(_files.PathOf("cache"));
        return Registered(factory, out coordinator, settings => settings with { Id = _id, Cache = cache });
    }

    private InputFile Offer(string name)
    {
        var file = HashedFile.Open(_files.PathOf(name), withSegments: true);
        var content = _offered.Add(file);
        return new InputFile(name, content.Id, content.Length)
        {
            Segments = content.Length > Segment ? _offered.AddSegments(file)!.Id : null,
        };
    }

    private MeterListener Counting()
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Meter == WorkerMetrics.Meter && instrument.Name == "actorhutch.worker.fetched") listening.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((_, bytes, tags, _) =>
        {
            foreach (var tag in tags)
            {
                if (Equals(tag.Value, _id)) Interlocked.Add(ref _fetched, bytes);
            }
        });
        listener.Start();
        return listener;
    }

    /// <summary>A disk that does not answer until it is let.</summary>
    private sealed class SlowStream(ManualResetEventSlim asked, ManualResetEventSlim goOn) : MemoryStream
    {
        public override int Read(Span<byte> buffer)
        {
            asked.Set();
            goOn.Wait(Patience, CancellationToken.None);
            return 0;
        }
    }
}
