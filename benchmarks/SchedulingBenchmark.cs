using System.Diagnostics;
using System.Globalization;
using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature;
using ActorHutch.Curvature.Operators;
using ActorHutch.Fakes;
using ActorHutch.GpuWorker.Actors;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using ActorHutch.Shared.Wire;
using Akka.Actor;
using Akka.Configuration;

namespace ActorHutch.Benchmarks;

/// <summary>
/// What the coordinator costs when workers compute nothing: the schedule alone, with its memory; through actors in one
/// process; and over TCP on the loopback interface.
/// </summary>
internal static class SchedulingBenchmark
{
    private static readonly string[] Blocks = ["first.weight", "second.weight"];

    public static async Task RunAsync()
    {
        Schedule(chunks: 1_000_000, workers: 1_000, shards: 1);
        Schedule(chunks: 1_000_000, workers: 1_000, shards: 100);
        Schedule(chunks: 1_000_000, workers: 1_000, shards: 1_000_000);
        await ThroughActorsAsync("in one process", chunks: 100_000, workers: 2, remote: false);
        await ThroughActorsAsync("over TCP, loopback", chunks: 50_000, workers: 2, remote: true);
    }

    /// <summary>The pure state and the results, driven by events as fast as they go.</summary>
    private static void Schedule(int chunks, int workers, int shards)
    {
        var spec = new JobSpec { Probes = chunks / shards, VBatch = 1, RoundingProbes = 0 };
        var job = Guid.NewGuid();
        WorkerKey[] keys = [.. Enumerable.Range(0, workers).Select(i => new WorkerKey($"worker-{i}", 1))];
        long before = GC.GetTotalMemory(forceFullCollection: true);

        var state = JobState.Start(job, spec, new JobPolicy(), keys.Select(key => new WorkerRegistered(key, "cpu"))).State;
        var results = new ChunkResults(spec, Blocks, grid: new WorkGrid(spec.Probes, 1, shards, 1));
        var inbox = new Queue<JobEvent>();
        var ready = new ReplicaReady(
            job, new ReplicaDescription("fake", "00", 2, shards), CurvatureMethod.Quadratic, "fake", Blocks, 2, 0)
        { ShardSize = 1 };
        foreach (var key in keys)
        {
            inbox.Enqueue(new WorkerSaid(key, ready));
            inbox.Enqueue(new WorkerSaid(key, new RequestWork(job, 2)));
        }

        long start = Stopwatch.GetTimestamp();
        long peak = 0;
        for (long events = 0; inbox.TryDequeue(out var next); events++)
        {
            var transition = state.Apply(next);
            state = transition.State;
            foreach (var effect in transition.Effects)
            {
                if (effect is Accept accept) results.Accept(accept.Chunk, accept.Worker, accept.Values);
                if (effect is not Send { Message: RunChunk run } send) continue;
                var values = new ProbeValues(run.Tile.FirstProbe, 2, [1.0, 2.0]);
                inbox.Enqueue(new WorkerSaid(send.Worker, new ChunkDone(job, run.Chunk, run.Attempt, values, 0, 0)));
                inbox.Enqueue(new WorkerSaid(send.Worker, new RequestWork(job, 1)));
            }

            if (events % 500_000 == 0) peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: true) - before);
        }

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        long after = GC.GetTotalMemory(forceFullCollection: true) - before;
        peak = Math.Max(peak, after);
        if (state.Outcome?.End != JobEnd.Completed) throw new InvalidOperationException($"Ended as {state.Outcome}.");
        Print($"schedule alone: {chunks:N0} chunks in {shards:N0} shards, {workers:N0} workers: {chunks / seconds:N0} chunks/s; "
            + $"memory {peak / 1e6:N1} MB at most, {after / (double)chunks:N1} bytes a chunk at the end");
        GC.KeepAlive(results);
    }

    private static async Task ThroughActorsAsync(string how, int chunks, int workers, bool remote)
    {
        var config = remote
            ? ConfigurationFactory.ParseString("""
                akka.actor.provider = remote
                akka.remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
                akka.loglevel = ERROR
                akka.stdout-loglevel = OFF
                """).WithFallback(WireConfiguration.Configuration)
            : ConfigurationFactory.ParseString("akka.loglevel = ERROR");
        config = config.WithFallback(ActorHutchSystem.Configuration);

        using var home = ActorSystem.Create(ActorHutchSystem.Name, config);
        using var away = remote ? ActorSystem.Create(ActorHutchSystem.Name, config) : null;
        var coordinator = home.ActorOf(CoordinatorActor.Props(), CoordinatorAddress.Name);
        string path = remote
            ? coordinator.Path.ToStringWithAddress(((ExtendedActorSystem)home).Provider.DefaultAddress)
            : CoordinatorAddress.Path;
        for (int i = 0; i < workers; i++)
        {
            var settings = new WorkerSettings($"worker-{i}", "cpu") { Coordinator = path };
            (away ?? home).ActorOf(WorkerActor.Props(settings, new FakeReplicaFactory()));
        }

        var spec = new JobSpec { Probes = chunks, VBatch = 1 };
        var client = new JobClient(home, coordinator);
        await client.RunAsync(spec with { Probes = 1000 }, new JobPolicy { MinWorkers = workers });

        long start = Stopwatch.GetTimestamp();
        var result = await client.RunAsync(spec, new JobPolicy { MinWorkers = workers });
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        if (!result.Succeeded) throw new InvalidOperationException($"{how}: {result.Outcome}");
        Print($"{how}: {chunks:N0} chunks of one probe, {workers} workers that compute nothing: "
            + $"{chunks / seconds:N0} chunks/s");
        await home.Terminate();
        if (away is not null) await away.Terminate();
    }

    private static void Print(string line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
