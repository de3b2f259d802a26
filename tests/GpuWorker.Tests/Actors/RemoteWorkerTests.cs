using ActorHutch.Curvature;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using ActorHutch.Shared.Wire;

namespace ActorHutch.GpuWorker.Tests.Actors;

/// <summary>A worker whose coordinator, which the test plays, is in another process.</summary>
public sealed class RemoteWorkerTests : RemoteWorkerTestKit
{
    private readonly Guid _job = Guid.NewGuid();

    [Fact]
    public void It_refuses_a_job_whose_chunks_do_not_fit_a_message()
    {
        // The fake has two blocks.
        int most = WireFrame.MaxProbes(2);
        Worker.Tell(new PrepareReplica(_job, new JobSpec { Probes = 1_000_000, VBatch = most + 1 }), TestActor);

        var failed = FishForMessage<ReplicaFailed>(_ => true);

        Assert.False(failed.Retriable);
        Assert.StartsWith("--v-batch 7498: must be at most 7497 on a cluster", failed.What, StringComparison.Ordinal);
    }

    [Fact]
    public void The_largest_chunk_arrives()
    {
        int most = WireFrame.MaxProbes(2);
        Worker.Tell(new PrepareReplica(_job, new JobSpec { Probes = 1_000_000, VBatch = most }), TestActor);
        FishForMessage<ReplicaReady>(_ => true);

        Worker.Tell(new RunChunk(_job, 0, 1, new Tile(0, most, 0, 4)), TestActor);

        Assert.Equal(most, FishForMessage<ChunkDone>(_ => true).Values.Count);
    }
}
