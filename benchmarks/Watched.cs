using System.Diagnostics;
using System.Globalization;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Operators;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;

namespace ActorHutch.Benchmarks;

/// <summary>What the benchmarks of being watched have in common.</summary>
internal static class Watched
{
    /// <summary>A worker of <see cref="Job"/>, from 0.</summary>
    public static WorkerKey Worker(int number) => new($"worker-{number}", 1);

    /// <summary>A job on which so many workers compute.</summary>
    public static JobState Job(JobSpec spec, int workers, IReadOnlyList<string> blocks)
    {
        var job = Guid.NewGuid();
        WorkerKey[] keys = [.. Enumerable.Range(0, workers).Select(Worker)];
        var state = JobState.Start(job, spec, new JobPolicy(), keys.Select(key => new WorkerRegistered(key, "cpu"))).State;
        var ready = new ReplicaReady(job, new ReplicaDescription("fake", "00", 2, 1), CurvatureMethod.Quadratic, "fake", blocks, 2, 0);
        return keys.Aggregate(state, (all, key) =>
            all.Apply(new WorkerSaid(key, ready)).State.Apply(new WorkerSaid(key, new RequestWork(job, 2))).State);
    }

    /// <summary>This process's time on processors so far, of all its threads.</summary>
    public static TimeSpan Processor()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }

    /// <summary>Writes a line.</summary>
    public static void Print(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
