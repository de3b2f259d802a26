using System.Globalization;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Options;

namespace ActorHutch.GpuWorker.Running;

/// <summary>Which device each worker of a process gets.</summary>
public static class WorkerDevices
{
    /// <summary>What is wrong with the device, given the GPUs there are; null where nothing is.</summary>
    public static Problem? Check(ExecutionSettings settings, int cudaDevices)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (!settings.Device.StartsWith("cuda", StringComparison.Ordinal)) return null;
        if (cudaDevices == 0)
        {
            return new Problem("device", settings.Device,
                "must be auto or cpu, since this program finds no CUDA device; it looks for one only when built with "
                + "-p:TorchBackend=cuda");
        }

        return settings.TryGetCudaIndex(out int index) && index >= cudaDevices
            ? new Problem("device", settings.Device, string.Create(
                CultureInfo.InvariantCulture,
                $"must be cuda:0{(cudaDevices > 1 ? $" to cuda:{cudaDevices - 1}" : "")}, the devices there are"))
            : null;
    }

    /// <summary>One device a worker.</summary>
    /// <param name="settings">What is asked for.</param>
    /// <param name="cudaDevices">How many GPUs there are.</param>
    /// <param name="processors">How many workers the CPU gets where nothing is said.</param>
    public static IReadOnlyList<string> Devices(ExecutionSettings settings, int cudaDevices, int processors)
    {
        ArgumentNullException.ThrowIfNull(settings);
        bool cpu = settings.Device == "cpu" || (settings.Device == Choices.Auto && cudaDevices == 0);
        if (cpu) return [.. Enumerable.Repeat("cpu", settings.Workers ?? processors)];

        string[] devices = settings.TryGetCudaIndex(out int index)
            ? [Cuda(index)]
            : [.. Enumerable.Range(0, cudaDevices).Select(Cuda)];
        return [.. Enumerable.Range(0, settings.Workers ?? devices.Length).Select(i => devices[i % devices.Length])];
    }

    private static string Cuda(int index) => string.Create(CultureInfo.InvariantCulture, $"cuda:{index}");
}
