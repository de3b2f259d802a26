using System.Globalization;
using System.Text.Json;
using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Native;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Benchmarks;

/// <summary>
/// Seconds of a Hessian-vector product over a batch: by layer rules and by autodiff, with the batch passed through the model for it and with what is known
/// of the batch kept, against PyTorch's double backward.
/// </summary>
internal static class ProductBenchmark
{
    private const int Rounds = 5;

    private static readonly string[] Models = ["cifar_resnet", "vision_transformer", "gpt"];

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static void Run(string[] names)
    {
        LibTorch.Load();
        set_num_threads(1);
        foreach (string name in names.Length == 0 ? Models : names)
        {
            var folder = Directory.CreateTempSubdirectory("actorhutch-benchmark-");
            try
            {
                using var python = PyTorchBenchmark.Python("hessian_vector.py", name, folder.FullName);
                string printed = python.StandardOutput.ReadToEnd();
                python.WaitForExit();
                if (python.ExitCode == 0) Measure(name, folder.FullName, JsonSerializer.Deserialize<PyTorchRun>(printed, Json)!);
                else Console.WriteLine($"{name} is left out: hessian_vector.py ended with {python.ExitCode}");
            }
            finally
            {
                folder.Delete(recursive: true);
            }
        }
    }

    private static void Measure(string name, string folder, PyTorchRun python)
    {
        using var scope = NewDisposeScope();
        using var samples = Dataset.Open(new DatasetFiles(Path.Combine(folder, "samples.safetensors")));
        var (inputs, targets) = samples.Read(0, samples.SampleCount, ScalarType.Float32, CPU);
        var risk = new EmpiricalRisk(PyTorchBenchmark.Model(folder), new CrossEntropy(classDimension: samples.TargetShape.Count > 0 ? -1 : 1), inputs, targets);
        Watched.Print($"{name}: {python.Parameters:N0} parameters, {python.Samples:N0} samples; PyTorch {python.Anew:N3} s a product, {python.Kept:N3} s with its graph kept; its matrix product: {python.GFlops:N0} GFLOP/s");
        foreach (var method in (CurvatureMethod[])[CurvatureMethod.Hmp, CurvatureMethod.Autodiff])
        {
            foreach (int width in (int[])[1, 4])
            {
                List<double> anew = [], kept = [];
                for (int round = 0; round < Rounds; round++)
                {
                    double start = Processor();
                    using var form = QuadraticForms.Create(risk, new CurvatureOptions { Method = method, Structure = BlockStructure.Full, Result = ProbeResult.Product });
                    form.Evaluate(0, width);
                    anew.Add(Processor() - start);
                    start = Processor();
                    form.Evaluate(0, width);
                    kept.Add(Processor() - start);
                }

                double first = PyTorchBenchmark.Median(anew) / width, next = PyTorchBenchmark.Median(kept) / width;
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"  {method} {width} at once: {first:N3} s a product, {python.Anew / first:N2} times as fast; kept {next:N3} s, {python.Anew / next:N2} times, {python.Kept / next:N2} times PyTorch's kept one"));
            }
        }
    }

    private static double Processor() => Environment.CpuUsage.TotalTime.TotalSeconds;

    /// <summary>What hessian_vector.py prints.</summary>
    private sealed record PyTorchRun(long Parameters, long Samples, double GFlops, double Anew, double Kept);
}
