using System.Collections.Concurrent;
using System.IO.Compression;
using ActorHutch.Curvature;
using ActorHutch.Curvature.Data.Bytes;
using ActorHutch.Fakes;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using Akka.Actor;

namespace ActorHutch.GpuWorker.Tests.Actors;

/// <summary>The files that a job is made from come to the worker before its replica is made.</summary>
public sealed class WorkerFilesTests : WorkerTestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly JobSpec Spec = new() { VBatch = 4, Probes = 40, Seed = 3 };

    private readonly Guid _job = Guid.NewGuid();
    private readonly BlobStore _offered = new();
    private IActorRef? _blobs;
    private readonly string _folder = Directory.CreateTempSubdirectory("actorhutch-").FullName;

    [Fact]
    public void Files_are_read_where_they_lie_and_their_transfer_takes_no_time()
    {
        using var here = new BlobStore();
        var blob = here.AddFile(typeof(WorkerActorTests).Assembly.Location);
        string? path = null;
        var factory = new FakeReplicaFactory { OnFiles = given => path = given[DataOf(blob)].Path };
        var worker = Registered(factory, out var coordinator, settings => settings with { Files = here });

        worker.Tell(new PrepareReplica(_job, SpecOf(data: blob)), coordinator);

        Assert.Equal(0, coordinator.ExpectMsg<ReplicaReady>(Patience).TransferSeconds);
        Assert.Equal(typeof(WorkerActorTests).Assembly.Location, path);
    }

    [Fact]
    public void Files_that_are_not_here_come_from_the_coordinator_into_the_cache()
    {
        var blob = Offer([1, 2, 3]);
        HashedFile? file = null;
        var factory = new FakeReplicaFactory { OnFiles = given => file = given[DataOf(blob)] };
        var worker = Registered(factory, out var coordinator, settings => settings with { Cache = new BlobCache(_folder) });

        worker.Tell(new PrepareReplica(_job, SpecOf(data: blob)), coordinator);

        Assert.True(coordinator.ExpectMsg<ReplicaReady>(Patience).TransferSeconds > 0);
        Assert.Equal([1, 2, 3], ReadAll(file!));
        Assert.StartsWith(_folder, file!.Path, StringComparison.Ordinal);
    }

    /// <summary>A large file in the cache takes its time to be hashed. The worker is there for its coordinator meanwhile.</summary>
    [Fact]
    public void While_a_file_is_hashed_it_says_every_so_often_what_it_is_at()
    {
        using var hashing = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var blob = InCache([1, 2, 3]);
        var cache = new BlobCache(_folder)
        {
            Hash = path =>
            {
                hashing.Set();
                goOn.Wait(CancellationToken.None);
                return HashedFile.Open(path);
            },
        };
        var factory = new FakeReplicaFactory();
        var worker = Registered(factory, out var coordinator, settings => settings with
        {
            Cache = cache,
            StatusInterval = TimeSpan.FromMilliseconds(20),
        });
        worker.Tell(new PrepareReplica(_job, SpecOf(data: blob)), coordinator);
        hashing.Wait(TestContext.Current.CancellationToken);

        for (int i = 0; i < 10; i++)
        {
            var status = coordinator.FishForMessage<WorkerStatus>(status => status.Step.Length > 0, Patience);
            Assert.Equal((_job, false, "fetching or checking data.npz"), (status.Job, status.HasReplica, status.Step));
        }

        goOn.Set();
        coordinator.FishForMessage<ReplicaReady>(_ => true, Patience);
        Assert.Single(factory.Created);
        Assert.Equal("", coordinator.FishForMessage<WorkerStatus>(status => status.HasReplica, Patience).Step);
    }

    [Fact]
    public void While_a_replica_is_made_it_says_so()
    {
        using var making = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var factory = new FakeReplicaFactory
        {
            OnCreate = _ =>
            {
                making.Set();
                goOn.Wait(CancellationToken.None);
            },
        };
        var worker = Registered(factory, out var coordinator, settings => settings with { StatusInterval = TimeSpan.FromMilliseconds(20) });
        worker.Tell(new PrepareReplica(_job, Spec), coordinator);
        making.Wait(TestContext.Current.CancellationToken);

        Assert.Equal("loading the model", coordinator.FishForMessage<WorkerStatus>(status => status.Step.Length > 0, Patience).Step);

        goOn.Set();
        coordinator.FishForMessage<ReplicaReady>(_ => true, Patience);
    }

    [Fact]
    public void A_job_that_is_left_while_its_file_is_hashed_says_nothing_of_it_later()
    {
        using var hashing = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var blob = InCache([1, 2, 3]);
        int hashed = 0;
        var cache = new BlobCache(_folder)
        {
            Hash = path =>
            {
                hashed++;
                hashing.Set();
                goOn.Wait(CancellationToken.None);
                return HashedFile.Open(path);
            },
        };
        var worker = Registered(new FakeReplicaFactory(), out var coordinator, settings => settings with { Cache = cache });
        coordinator.IgnoreMessages(message => message is RegisterWorker or WorkerStatus);
        worker.Tell(new PrepareReplica(_job, SpecOf(data: blob)), coordinator);
        hashing.Wait(TestContext.Current.CancellationToken);

        // The same job once more, as after messages were lost.
        worker.Tell(new PrepareReplica(_job, SpecOf(data: blob)), coordinator);
        goOn.Set();

        coordinator.ExpectMsg<ReplicaReady>(Patience);
        coordinator.ExpectMsg(new RequestWork(_job, 2));
        Assert.Equal(1, hashed);
    }

    [Fact]
    public void A_file_that_was_hashed_is_not_hashed_for_the_next_job()
    {
        var blob = InCache([1, 2, 3]);
        int hashed = 0;
        var cache = new BlobCache(_folder) { Hash = path => { hashed++; return HashedFile.Open(path); } };
        var factory = new FakeReplicaFactory();
        var worker = Registered(factory, out var coordinator, settings => settings with { Cache = cache });

        foreach (var dtype in (Dtype[])[Dtype.Float32, Dtype.Float64])
        {
            worker.Tell(new PrepareReplica(Guid.NewGuid(), SpecOf(data: blob) with { Dtype = dtype }), coordinator);
            coordinator.ExpectMsg<ReplicaReady>(Patience);
            coordinator.ExpectMsg<RequestWork>();
        }

        Assert.Equal((1, 2), (hashed, factory.Created.Count));
    }

    /// <summary>
    /// What was in the cache is damaged under a replica that reads it. That is this machine's trouble: the chunk may go
    /// to another, and a replica is made anew, of a file that is brought again.
    /// </summary>
    [Fact]
    public void A_cached_file_that_changes_under_a_replica_costs_the_replica_and_is_brought_again()
    {
        byte[] content = [.. Enumerable.Range(0, 200_000).Select(i => (byte)(i % 251))];
        var blob = Offer(content);
        var files = new ConcurrentQueue<HashedFile>();
        var factory = new FakeReplicaFactory
        {
            OnFiles = given => files.Enqueue(given[DataOf(blob)]),
            // As a data set does, for each chunk.
            OnEvaluate = (_, _, _) => ReadAll(files.Last()),
        };
        var worker = Registered(factory, out var coordinator, settings => settings with
        {
            Cache = new BlobCache(_folder),
            StatusInterval = TimeSpan.FromMilliseconds(20),
        });
        worker.Tell(new PrepareReplica(_job, SpecOf(data: blob)), coordinator);
        coordinator.FishForMessage<ReplicaReady>(_ => true, Patience);
        Spoil(files.Last().Path);

        worker.Tell(new RunChunk(_job, 1, 1, new Tile(4, 4, 0, 4)), coordinator);

        var failed = coordinator.FishForMessage<ChunkFailed>(_ => true, Patience);
        Assert.True(failed.Retriable);
        Assert.StartsWith($"{files.Last().Path}: bytes 65536 to 131072 have changed since the file was hashed", failed.What, StringComparison.Ordinal);
        var status = coordinator.FishForMessage<WorkerStatus>(status => !status.HasReplica, Patience);
        Assert.Equal((_job, 0), (status.Job, status.Chunks.Count));

        worker.Tell(new PrepareReplica(_job, SpecOf(data: blob)), coordinator);
        coordinator.FishForMessage<ReplicaReady>(_ => true, Patience);
        Assert.Equal(2, factory.Created.Count);
        Assert.True(factory.Created.First().Disposed);
        Assert.Equal(content, ReadAll(files.Last()));
    }

    [Fact]
    public void A_cached_file_that_changes_before_the_replica_is_made_is_this_machines_trouble()
    {
        var blob = Offer(new byte[200_000]);
        var worker = Registered(
            new FakeReplicaFactory
            {
                OnFiles = given =>
                {
                    Spoil(given[DataOf(blob)].Path);
                    ReadAll(given[DataOf(blob)]);
                },
            },
            out var coordinator, settings => settings with { Cache = new BlobCache(_folder) });

        worker.Tell(new PrepareReplica(_job, SpecOf(data: blob)), coordinator);

        var failed = coordinator.ExpectMsg<ReplicaFailed>(Patience);
        Assert.True(failed.Retriable);
        Assert.Contains("have changed since the file was hashed", failed.What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_program_from_the_coordinator_is_refused_and_the_way_out_is_said()
    {
        var factory = new FakeReplicaFactory();
        var worker = Registered(factory, out var coordinator, settings => settings with { Cache = new BlobCache(_folder) });

        worker.Tell(new PrepareReplica(_job, ModelOf(Offer(Program))), coordinator);

        var failed = coordinator.ExpectMsg<ReplicaFailed>(Patience);
        Assert.True(failed.Retriable);
        Assert.StartsWith(
            "model.pt is a TorchScript program, and worker worker-1 runs no programs from a coordinator: start it with --allow-torchscript",
            failed.What, StringComparison.Ordinal);
        Assert.Empty(factory.Created);
    }

    /// <summary>What decides is what is in the file, and neither its name nor what else the job says.</summary>
    [Theory, InlineData("model.json", true), InlineData("model.json", false), InlineData("model.pt", true)]
    public void A_program_is_one_by_whatever_name_and_with_whatever_weights(string name, bool withWeights)
    {
        var worker = Registered(new FakeReplicaFactory(), out var coordinator, settings => settings with { Cache = new BlobCache(_folder) });
        var spec = ModelOf(Offer(Program), withWeights ? Offer([7]) : null);
        spec = spec with { Risk = spec.Risk with { Model = name, ModelFile = spec.Risk.ModelFile! with { Path = name } } };

        worker.Tell(new PrepareReplica(_job, spec), coordinator);

        Assert.Contains("--allow-torchscript", coordinator.ExpectMsg<ReplicaFailed>(Patience).What, StringComparison.Ordinal);
    }

    /// <summary>libtorch is given nothing of the kind: what is wrong with it is said by who makes the replica.</summary>
    [Theory, InlineData(" PK"), InlineData("\u0080"), InlineData("x{"), InlineData("PK and so on")]
    public void What_is_no_model_at_all_is_left_to_the_replica(string content)
    {
        var worker = Registered(new FakeReplicaFactory(), out var coordinator, settings => settings with { Cache = new BlobCache(_folder) });

        worker.Tell(new PrepareReplica(_job, ModelOf(Offer(System.Text.Encoding.UTF8.GetBytes(content)))), coordinator);

        coordinator.ExpectMsg<ReplicaReady>(Patience);
    }

    [Fact]
    public void A_description_needs_no_permission()
    {
        var worker = Registered(new FakeReplicaFactory(), out var coordinator, settings => settings with { Cache = new BlobCache(_folder) });

        worker.Tell(new PrepareReplica(_job, ModelOf(Offer("\n{ \"type\": \"Tanh\" }"u8.ToArray()))), coordinator);

        coordinator.ExpectMsg<ReplicaReady>(Patience);
    }

    [Fact]
    public void A_program_is_run_where_that_is_allowed()
    {
        var worker = Registered(new FakeReplicaFactory(), out var coordinator, settings => settings with
        {
            Cache = new BlobCache(_folder),
            AllowTorchScript = true,
        });

        worker.Tell(new PrepareReplica(_job, ModelOf(Offer(Program))), coordinator);

        coordinator.ExpectMsg<ReplicaReady>(Patience);
    }

    [Fact]
    public void A_program_of_the_machines_own_is_run()
    {
        using var here = new BlobStore();
        string path = Path.Combine(_folder, "mine.pt");
        File.WriteAllBytes(path, Program);
        var blob = here.AddFile(path);
        var worker = Registered(new FakeReplicaFactory(), out var coordinator, settings => settings with { Files = here });

        worker.Tell(new PrepareReplica(_job, ModelOf(blob)), coordinator);

        coordinator.ExpectMsg<ReplicaReady>(Patience);
    }

    [Fact]
    public void A_file_that_nobody_has_is_named_and_another_worker_may_have_it()
    {
        Sys.ActorOf(BlobActor.Props(new BlobStore()), BlobActor.Name);
        var worker = Registered(new FakeReplicaFactory(), out var coordinator, settings => settings with { Cache = new BlobCache(_folder) });

        worker.Tell(new PrepareReplica(_job, SpecOf(data: new BlobReference(BlobId.Of([7]), 1))), coordinator);

        var failed = coordinator.ExpectMsg<ReplicaFailed>(TimeSpan.FromSeconds(30));
        Assert.True(failed.Retriable);
        Assert.StartsWith("data.npz: The coordinator has no blob", failed.What, StringComparison.Ordinal);
    }

    [Fact]
    public void Code_is_never_fetched_and_only_what_was_allowed_is_loaded()
    {
        var blob = Offer([1, 2, 3]);
        var worker = Registered(new FakeReplicaFactory(), out var coordinator);

        worker.Tell(new PrepareReplica(_job, SpecOf(assembly: blob)), coordinator);

        var failed = coordinator.ExpectMsg<ReplicaFailed>();
        Assert.True(failed.Retriable);
        Assert.Contains("is not among the assemblies that worker worker-1 may load", failed.What, StringComparison.Ordinal);
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        Directory.Delete(_folder, recursive: true);
    }

    private static JobSpec SpecOf(BlobReference? data = null, BlobReference? assembly = null) => Spec with
    {
        Risk = new RiskSource
        {
            Data = data is null ? null : DataOf(data),
            Assembly = assembly is null ? null : new InputFile("models.dll", assembly.Id, assembly.Length),
        },
    };

    private static JobSpec ModelOf(BlobReference model, BlobReference? weights = null) => Spec with
    {
        Risk = new RiskSource
        {
            Model = "model.pt",
            ModelFile = new InputFile("model.pt", model.Id, model.Length),
            Weights = weights is null ? null : new InputFile("weights.safetensors", weights.Id, weights.Length),
        },
    };

    /// <summary>A file that is TorchScript by all that is looked at before libtorch gets it.</summary>
    private static byte[] Program
    {
        get
        {
            using var bytes = new MemoryStream();
            using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
            {
                foreach (string name in (string[])["m/constants.pkl", "m/code/__torch__.py"])
                {
                    using var entry = zip.CreateEntry(name).Open();
                    entry.Write("x"u8);
                }
            }

            return bytes.ToArray();
        }
    }

    private static InputFile DataOf(BlobReference data) => new("data.npz", data.Id, data.Length);

    /// <summary>What the coordinator has to give.</summary>
    private BlobReference Offer(byte[] content)
    {
        var blob = _offered.Add(content);
        _blobs ??= Sys.ActorOf(BlobActor.Props(_offered), BlobActor.Name);
        return blob;
    }

    /// <summary>What an earlier process has brought.</summary>
    private BlobReference InCache(byte[] content)
    {
        var blob = new BlobReference(BlobId.Of(content), content.Length);
        File.WriteAllBytes(Path.Combine(_folder, blob.Id.ToString()), content);
        return blob;
    }

    private static byte[] ReadAll(HashedFile file)
    {
        using var stream = file.OpenRead();
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    /// <summary>Another content in the second block, with the file's length and time as they were.</summary>
    private static void Spoil(string path)
    {
        var written = File.GetLastWriteTimeUtc(path);
        byte[] bytes = File.ReadAllBytes(path);
        bytes[100_000] ^= 1;
        File.WriteAllBytes(path, bytes);
        File.SetLastWriteTimeUtc(path, written);
    }
}
