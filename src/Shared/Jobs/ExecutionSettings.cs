using System.Globalization;
using ActorHutch.Shared.Options;

namespace ActorHutch.Shared.Jobs;

/// <summary>Where a job runs. The number of workers does not show in the result.</summary>
public sealed record ExecutionSettings
{
    /// <summary>The most workers in a process: each has a replica of its own.</summary>
    public const int MostWorkers = 1024;

    /// <summary>The most threads of a worker: more than that a system may not start, and libtorch then ends the process.</summary>
    public const int MostThreads = 1024;

    /// <summary>What is right for <see cref="Device"/>, as the end of a sentence.</summary>
    public const string RightDevice = "must be auto, cpu, cuda or cuda:I with a GPU's number I";

    /// <summary>
    /// <c>auto</c> (the default: every GPU, else the CPU), <c>cpu</c>, <c>cuda</c> (every GPU) or <c>cuda:I</c>.
    /// </summary>
    public string Device { get; init; } = Choices.Auto;

    /// <summary>How many workers; null (the default) for one per processor, or one per GPU.</summary>
    public int? Workers { get; init; }

    /// <summary>
    /// libtorch's threads in each worker. Default: 1. libtorch cuts its sums by the number of threads, so this is,
    /// with the spec, what fixes a result's bits.
    /// </summary>
    public int ThreadsPerWorker { get; init; } = 1;

    /// <summary>
    /// Bytes that a worker's stack of probes may take; null (the default) for 1 GiB. Another one changes no probe; it may
    /// show in a result's last bits.
    /// </summary>
    public long? MemoryBudget { get; init; }

    /// <summary>Everything that is wrong with the settings; nothing where they are right.</summary>
    public IReadOnlyList<Problem> Validate()
    {
        var problems = new List<Problem>();
        if (Device is not (Choices.Auto or "cpu" or "cuda") && !TryGetCudaIndex(out _))
            problems.Add(new Problem("device", Device, RightDevice));
        if (Workers < 1)
            problems.Add(Problem.Of("workers", Workers.Value, "must be at least 1"));
        if (Workers > MostWorkers)
            problems.Add(Problem.Of("workers", Workers.Value, string.Create(CultureInfo.InvariantCulture, $"must be at most {MostWorkers} in a process")));
        if (ThreadsPerWorker < 1)
            problems.Add(Problem.Of("threads", ThreadsPerWorker, "must be at least 1"));
        if (ThreadsPerWorker > MostThreads)
            problems.Add(Problem.Of("threads", ThreadsPerWorker, string.Create(CultureInfo.InvariantCulture, $"must be at most {MostThreads}")));
        if (MemoryBudget < MemorySize.Least)
            problems.Add(Problem.Of("memory-budget", MemoryBudget.Value, MemorySize.Right));
        return problems;
    }

    /// <summary>The GPU's number where <see cref="Device"/> is <c>cuda:I</c>.</summary>
    public bool TryGetCudaIndex(out int index)
    {
        index = -1;
        return Device.StartsWith("cuda:", StringComparison.Ordinal)
            && int.TryParse(Device.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out index);
    }
}
