using ActorHutch.Shared.Options;

namespace ActorHutch.Shared.Jobs;

/// <summary>The options that say where a job is computed, for whatever computes it.</summary>
public static class ExecutionOptions
{
    /// <summary>The device.</summary>
    public static OptionEntry<ExecutionSettings> Device { get; } = OptionEntry.Of(
        "device", "The device to compute on", "auto, every GPU there is, else the CPU",
        Formats.Text("auto|cpu|cuda|cuda:I", ExecutionSettings.RightDevice) with { Offered = [Formats.Auto, "cpu", "cuda"] },
        (ExecutionSettings settings) => settings.Device, (settings, value) => settings with { Device = value });

    /// <summary>How many workers.</summary>
    /// <param name="description">What they are.</param>
    /// <param name="byDefault">How many there are where nobody says.</param>
    public static OptionEntry<ExecutionSettings> Workers(string description, string byDefault) => OptionEntry.Of(
        "workers", description, byDefault, Formats.Number<int>(),
        (ExecutionSettings settings) => settings.Workers, (settings, value) => settings with { Workers = value });

    /// <summary>Each worker's threads.</summary>
    public static OptionEntry<ExecutionSettings> Threads { get; } = OptionEntry.Of(
        "threads", "The number of libtorch's threads in each worker", "1", Formats.Number<int>(),
        (ExecutionSettings settings) => settings.ThreadsPerWorker, (settings, value) => settings with { ThreadsPerWorker = value });

    /// <summary>What a worker's stack of probes may take.</summary>
    public static OptionEntry<ExecutionSettings> MemoryBudget { get; } = OptionEntry.Of(
        "memory-budget", "The memory that a worker's stack of probes or micro-batch may take, such as 512MiB", "1 GiB",
        new ValueFormat<long>("BYTES", MemorySize.Right, MemorySize.TryParse) { Json = ["integer", "string"] },
        (ExecutionSettings settings) => settings.MemoryBudget, (settings, value) => settings with { MemoryBudget = value });
}
