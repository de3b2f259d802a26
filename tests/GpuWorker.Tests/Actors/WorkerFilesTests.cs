using ActorHutch.Fakes;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;

namespace ActorHutch.GpuWorker.Tests.Actors;

/// <summary>The files that a job is made from come to the worker before its replica is made.</summary>
public class WorkerFilesTests : WorkerTestKit
{
    private static readonly JobSpec Spec = new() { VBatch = 4, Probes = 40, Seed = 3 };

    private readonly Guid _job = Guid.NewGuid();

    [Fact]
    public void Files_are_read_where_they_lie_and_their_transfer_takes_no_time()
    {
        var here = new BlobStore();
        var blob = here.AddFile(typeof(WorkerActorTests).Assembly.Location);
        IReadOnlyDictionary<BlobId, string>? files = null;
        var factory = new FakeReplicaFactory { OnFiles = given => files = given };
        var worker = Registered(factory, out var coordinator, settings => settings with { Files = here });

        worker.Tell(new PrepareReplica(_job, SpecOf(data: blob)), coordinator);

        Assert.Equal(0, coordinator.ExpectMsg<ReplicaReady>().TransferSeconds);
        Assert.Equal(typeof(WorkerActorTests).Assembly.Location, Assert.Single(files!).Value);
    }

    [Fact]
    public void Files_that_are_not_here_come_from_the_coordinator_into_the_cache()
    {
        string folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            var offered = new BlobStore();
            var blob = offered.Add([1, 2, 3]);
            Sys.ActorOf(BlobActor.Props(offered), BlobActor.Name);
            IReadOnlyDictionary<BlobId, string>? files = null;
            var factory = new FakeReplicaFactory { OnFiles = given => files = given };
            var worker = Registered(factory, out var coordinator, settings => settings with { Cache = new BlobCache(folder) });

            worker.Tell(new PrepareReplica(_job, SpecOf(data: blob)), coordinator);

            Assert.True(coordinator.ExpectMsg<ReplicaReady>(TimeSpan.FromSeconds(30)).TransferSeconds > 0);
            Assert.Equal([1, 2, 3], File.ReadAllBytes(files![blob.Id]));
            Assert.StartsWith(folder, files[blob.Id], StringComparison.Ordinal);
        }
        finally
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_file_that_nobody_has_is_named_and_another_worker_may_have_it()
    {
        Sys.ActorOf(BlobActor.Props(new BlobStore()), BlobActor.Name);
        var worker = Registered(new FakeReplicaFactory(), out var coordinator);

        worker.Tell(new PrepareReplica(_job, SpecOf(data: new BlobReference(BlobId.Of([7]), 1))), coordinator);

        var failed = coordinator.ExpectMsg<ReplicaFailed>(TimeSpan.FromSeconds(30));
        Assert.True(failed.Retriable);
        Assert.StartsWith("data.npz: The coordinator has no blob", failed.What, StringComparison.Ordinal);
    }

    [Fact]
    public void Code_is_never_fetched_and_only_what_was_allowed_is_loaded()
    {
        var offered = new BlobStore();
        var blob = offered.Add([1, 2, 3]);
        Sys.ActorOf(BlobActor.Props(offered), BlobActor.Name);
        var worker = Registered(new FakeReplicaFactory(), out var coordinator);

        worker.Tell(new PrepareReplica(_job, SpecOf(assembly: blob)), coordinator);

        var failed = coordinator.ExpectMsg<ReplicaFailed>();
        Assert.True(failed.Retriable);
        Assert.Contains("is not among the assemblies that worker worker-1 may load", failed.What, StringComparison.Ordinal);
    }

    private static JobSpec SpecOf(BlobReference? data = null, BlobReference? assembly = null) => Spec with
    {
        Risk = new RiskSource
        {
            Data = data is null ? null : new InputFile("data.npz", data.Id, data.Length),
            Assembly = assembly is null ? null : new InputFile("models.dll", assembly.Id, assembly.Length),
        },
    };
}
