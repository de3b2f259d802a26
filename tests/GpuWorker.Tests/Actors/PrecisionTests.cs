using System.Collections.Concurrent;
using ActorHutch.Curvature;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Probes;
using ActorHutch.Fakes;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using Akka.Actor;
using Akka.TestKit;

namespace ActorHutch.GpuWorker.Tests.Actors;

/// <summary>A worker that is given probes to compute in both precisions, and how little it computes to warm up.</summary>
public class PrecisionTests : WorkerTestKit
{
    private static readonly JobSpec Spec = new() { VBatch = 4, Probes = 40, Seed = 3 };

    private readonly Guid _job = Guid.NewGuid();

    [Theory]
    [InlineData("estimate")]
    [InlineData("exact")]
    public void It_answers_with_the_jobs_own_values_and_those_of_double_precision_behind_them(string estimator)
    {
        var asked = new ConcurrentBag<ProbeDistribution>();
        var factory = new FakeReplicaFactory { Rounding = 0.25, OnForm = options => asked.Add(options.Distribution) };
        var worker = Prepared(factory, Spec with { Estimator = Estimator.All.Single(one => one.Name == estimator) }, out var coordinator);

        worker.Tell(new RunChunk(_job, -1, 1, new Tile(0, 3, 0, 4)) { InBothPrecisions = true }, coordinator);

        var done = coordinator.ExpectMsg<ChunkDone>();
        Assert.Equal((-1L, 1, 6, 2), (done.Chunk, done.Attempt, done.Values.Count, done.Values.Columns));
        double[] reference = FakeQuadraticForm.Values(Spec.Seed, 0, 3).Values.ToArray();
        Assert.Equal(reference, done.Values.Values[6..]);
        Assert.Equal(reference.Select((value, i) => i % 2 == 0 ? value + 0.25 : value), done.Values.Values[..6].ToArray());
        // Random probes, of an exact trace too.
        Assert.Equal(estimator == "exact" ? 1 : 0, asked.Count(distribution => distribution == ProbeDistribution.Basis));
        var replica = Assert.Single(factory.Created, replica => replica.Key.Dtype == Dtype.Float64);
        Assert.True(replica.Key.HasSingleNumbers);
        Assert.True(replica.Disposed);
    }

    [Fact]
    public void Its_own_form_makes_room_and_is_made_again()
    {
        var factory = new FakeReplicaFactory();
        int openWhenDouble = -1;
        factory = new FakeReplicaFactory
        {
            OnCreate = key =>
            {
                if (key.Dtype == Dtype.Float64) openWhenDouble = factory.Created.Single().Forms.Count(form => !form.Disposed);
            },
        };
        var worker = Prepared(factory, Spec, out var coordinator);

        worker.Tell(new RunChunk(_job, -1, 1, new Tile(0, 3, 0, 4)) { InBothPrecisions = true }, coordinator);
        worker.Tell(new RunChunk(_job, 5, 1, new Tile(20, 4, 0, 4)), coordinator);

        coordinator.ExpectMsg<ChunkDone>();
        coordinator.ExpectMsg<RequestWork>();
        Assert.Equal(FakeQuadraticForm.Values(Spec.Seed, 20, 4).Values, coordinator.ExpectMsg<ChunkDone>().Values.Values);
        Assert.Equal(0, openWhenDouble);
        Assert.Single(factory.Created.SelectMany(replica => replica.Forms), form => !form.Disposed);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Where_double_precision_fails_it_says_so_and_computes_what_comes_next(bool forGood)
    {
        var factory = new FakeReplicaFactory
        {
            OnCreate = key =>
            {
                if (key.Dtype == Dtype.Float64) throw forGood ? new CurvatureException("too large") : new InvalidOperationException("busy");
            },
        };
        var worker = Prepared(factory, Spec, out var coordinator);

        worker.Tell(new RunChunk(_job, -1, 1, new Tile(0, 3, 0, 4)) { InBothPrecisions = true }, coordinator);
        worker.Tell(new RunChunk(_job, 5, 1, new Tile(20, 4, 0, 4)), coordinator);

        var failed = coordinator.ExpectMsg<ChunkFailed>();
        Assert.Equal((-1L, !forGood), (failed.Chunk, failed.Retriable));
        coordinator.ExpectMsg<RequestWork>();
        Assert.Equal(5, coordinator.ExpectMsg<ChunkDone>().Chunk);
    }

    [Theory]
    [InlineData("estimate")]
    [InlineData("exact")]
    public void It_warms_up_with_one_probe(string estimator)
    {
        var evaluated = new ConcurrentQueue<(long First, int Count)>();

        Prepared(
            new FakeReplicaFactory { OnEvaluate = (first, count, _) => evaluated.Enqueue((first, count)) },
            Spec with { Estimator = Estimator.All.Single(one => one.Name == estimator) }, out _);

        Assert.Equal([(0L, 1)], evaluated);
    }

    private IActorRef Prepared(FakeReplicaFactory replicas, JobSpec spec, out TestProbe coordinator)
    {
        var worker = Registered(replicas, out coordinator);
        worker.Tell(new PrepareReplica(_job, spec), coordinator);
        coordinator.ExpectMsg<ReplicaReady>();
        coordinator.ExpectMsg<RequestWork>();
        return worker;
    }
}
