using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ActorHutch.Curvature;
using ActorHutch.Curvature.Native;

namespace ActorHutch.GpuWorker.Replicas;

/// <summary>
/// What kind of device a worker has: what its rounding depends on, so devices of one kind give the same bits. That is
/// the processor or the GPU, libtorch with the libraries in it, and what the environment tells them.
/// </summary>
internal static class DeviceKind
{
    private const string Gpus = "/proc/driver/nvidia/gpus";
    private const string Processors = "/proc/cpuinfo";

    /// <summary>Variables by which MKL and oneDNN choose their kernels; libtorch's own choice is in what it says.</summary>
    private static readonly string[] Variables =
    [
        "MKL_CBWR", "MKL_ENABLE_INSTRUCTIONS", "MKL_DEBUG_CPU_TYPE", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA",
        "ONEDNN_CPU_ISA_HINTS", "ONEDNN_DEFAULT_FPMATH_MODE", "NVIDIA_TF32_OVERRIDE", "CUBLAS_WORKSPACE_CONFIG",
    ];

    /// <summary>The kind of a device.</summary>
    /// <param name="device"><c>cpu</c> or <c>cuda:I</c>.</param>
    /// <exception cref="LibTorchException">libtorch cannot be loaded.</exception>
    public static string Of(string device) => string.Join(", ",
    [
        device == "cpu" ? $"cpu {Processor(Processors)}" : GpuOf(device, Gpus),
        LibTorch.Build.ToString(),
        .. Variables.Select(name => (Name: name, Value: Environment.GetEnvironmentVariable(name)))
            .Where(variable => !string.IsNullOrEmpty(variable.Value))
            .Select(variable => $"{variable.Name}={variable.Value}"),
    ]);

    /// <summary>The processor's model, as the system names it; what .NET makes of it where it does not.</summary>
    internal static string Processor(string file)
    {
        string[] names = ["model name", "cpu family", "model", "stepping", "CPU implementer", "CPU part", "CPU variant", "CPU revision"];
        var said = File.Exists(file)
            ? File.ReadLines(file).TakeWhile(line => line.Length > 0).Select(line => line.Split(':', 2, StringSplitOptions.TrimEntries))
                .Where(line => line.Length == 2 && names.Contains(line[0])).ToDictionary(line => line[0], line => line[1])
            : [];
        string model = string.Join(' ', names.Where(said.ContainsKey).Select(name => said[name]));
        return model.Length > 0 ? model : $"{RuntimeInformation.ProcessArchitecture} {Vectors}";
    }

    /// <summary>
    /// The GPU's model. Which of several models a number of CUDA's stands for is not said there, so then each GPU is a
    /// kind of its own.
    /// </summary>
    internal static string GpuOf(string device, string folder)
    {
        string models = GpuModels(folder);
        return models.Contains(" + ", StringComparison.Ordinal) ? $"{device} of {models}" : $"cuda {models}".TrimEnd();
    }

    /// <summary>The models of the machine's GPUs, as its driver names them; empty where it does not.</summary>
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

    private static string Vectors => Vector512.IsHardwareAccelerated ? "512" : Vector256.IsHardwareAccelerated ? "256" : "128";
}
