using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Operators;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using Spectre.Console.Rendering;
using Spectre.Console.Testing;

namespace ActorHutch.Coordinator.Tests.CommandLine.Live;

/// <summary>Jobs as somebody sees them who looks on.</summary>
internal static class LiveJob
{
    /// <summary>A job with so many workers; the first ones, as many as are to be ready, have begun.</summary>
    public static JobState State(int workers, int? ready = null, JobSpec? spec = null, int minWorkers = 1)
    {
        var state = JobState.Start(
            Guid.NewGuid(), spec ?? new JobSpec { Probes = 10_000 }, new JobPolicy { MinWorkers = minWorkers },
            Enumerable.Range(1, workers).Select(i => new WorkerRegistered(Key(i), "cpu", "cpu"))).State;
        foreach (int worker in Enumerable.Range(1, ready ?? workers))
        {
            state = Say(state, worker, new ReplicaReady(
                state.Job, new ReplicaDescription("mnist-example", "00ff", 15_880, 256) { Loss = new("cross-entropy", "mean", "the example's") }, CurvatureMethod.Quadratic,
                "every layer and the loss have a rule", ["first"], 30, 0.1));
            state = Say(state, worker, new RequestWork(state.Job, 2));
        }

        return state;
    }

    /// <summary>The same, one worker having answered its first chunk in half a second.</summary>
    public static JobState AfterAChunkOf(this JobState state, int worker)
    {
        long chunk = state.Workers[Key(worker)].Chunks.First();
        return Say(state, worker, new ChunkDone(
            state.Job, chunk, 1, new ProbeValues(chunk * 50, 1, [.. Enumerable.Repeat(12.0, 50)]), 0.5, 0));
    }

    /// <summary>The same without a worker.</summary>
    public static JobState Without(this JobState state, int worker) =>
        state.Apply(new WorkerLost(Key(worker), "it stopped")).State;

    /// <summary>A quarter of the job.</summary>
    public static JobProgress Quarter(JobState? state = null)
    {
        var accumulator = new TraceAccumulator([]);
        accumulator.Add(new ProbeValues(0, 1, [11.5, 12.5]));
        return new JobProgress(2500, 10_000, TimeSpan.FromSeconds(60), accumulator.Estimate()) { State = state };
    }

    /// <summary>What a terminal of so many columns shows; no line may be wider, or end in spaces.</summary>
    public static string[] Render(IRenderable view, int width)
    {
        using var console = new TestConsole().Size(new Spectre.Console.Size(width, 40));
        console.Write(view);
        string[] lines = [.. console.Lines.Select(line => line.TrimEnd())];
        Assert.All(lines, line => Assert.True(line.Length <= width, line));
        return lines;
    }

    private static WorkerKey Key(int worker) => new($"worker-{worker}", 1);

    private static JobState Say(JobState state, int worker, IJobMessage message) =>
        state.Apply(new WorkerSaid(Key(worker), message)).State;
}
