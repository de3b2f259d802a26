using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ActorHutch.GpuWorker.Running;

/// <summary>What kind of device a worker has: devices of one kind give the same bits.</summary>
internal static class DeviceKind
{
    private const string Gpus = "/proc/driver/nvidia/gpus";

    /// <summary>The kind of a device.</summary>
    /// <param name="device"><c>cpu</c> or <c>cuda:I</c>.</param>
    public static string Of(string device) =>
        device == "cpu" ? $"cpu {RuntimeInformation.ProcessArchitecture} {Vectors}" : $"cuda {GpuModels(Gpus)}".TrimEnd();

    /// <summary>
    /// The models of the machine's GPUs, as its driver names them; empty where it does not. Which of them a number of
    /// CUDA's stands for is not said there, so a machine with several models is a kind of its own.
    /// </summary>
    internal static string GpuModels(string folder)
    {
        const string model = "Model:";
        if (!Directory.Exists(folder)) return "";
        return string.Join(" + ", Directory.EnumerateFiles(folder, "information", SearchOption.AllDirectories)
            .SelectMany(File.ReadLines)
            .Where(line => line.StartsWith(model, StringComparison.Ordinal))
            .Select(line => line[model.Length..].Trim())
            .Distinct()
            .Order(StringComparer.Ordinal));
    }

    /// <summary>libtorch picks its kernels by what the processor can do, and their sums differ in the last bits.</summary>
    private static string Vectors => Vector512.IsHardwareAccelerated ? "512" : Vector256.IsHardwareAccelerated ? "256" : "128";
}
