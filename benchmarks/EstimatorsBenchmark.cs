using System.Globalization;
using ActorHutch.Curvature;
using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Native;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Benchmarks;

/// <summary>
/// Networks' traces: the real relative error of the estimators, root mean square over some seeds, at equal numbers of products, or of probes of
/// each sample; and what a product and such a probe cost.
/// </summary>
/// <remarks>
/// The example is as it is made; the others are trained in PyTorch, on data that can be learnt. Single precision, the exact trace too: its
/// rounding is far below what is printed.
/// </remarks>
internal static class EstimatorsBenchmark
{
    private static readonly int[] Numbers = [12, 30, 60, 120];

    /// <summary>Random probes cost less than products, and have so many times as many seeds.</summary>
    private const int MoreSeeds = 4;

    /// <summary>How many samples each is measured with, and how many seeds.</summary>
    private static readonly Dictionary<string, (int Samples, int Seeds)> Models = new()
    {
        ["example"] = (256, 20),
        ["gpt"] = (64, 10),
        ["cnn"] = (256, 6),
        ["cifar_resnet"] = (64, 5),
    };

    public static void Run(string[] names)
    {
        LibTorch.Load();
        set_num_threads(1);
        Console.WriteLine($"| model | matrix | estimator | {string.Join(" | ", Numbers)} | ms each |");
        Console.WriteLine($"|---|---|---|{string.Concat(Numbers.Select(_ => "---|"))}---|");
        foreach (string name in names.Length == 0 ? Models.Keys : (IEnumerable<string>)names)
        {
            using var scope = NewDisposeScope();
            if (name == "example")
            {
                using var example = MnistExample.Create(ScalarType.Float32, CPU);
                Measure(name, example.Risk);
                continue;
            }

            var folder = Directory.CreateTempSubdirectory("actorhutch-benchmark-");
            try
            {
                using var python = PyTorchBenchmark.Python("trained_network.py", name, folder.FullName, $"{Models[name].Samples}");
                python.StandardOutput.ReadToEnd();
                python.WaitForExit();
                if (python.ExitCode != 0)
                {
                    Console.WriteLine($"{name} is left out: it is trained in PyTorch, and trained_network.py ended with {python.ExitCode}");
                    continue;
                }

                using var samples = Dataset.Open(new DatasetFiles(Path.Combine(folder.FullName, "samples.safetensors")));
                var (inputs, targets) = samples.Read(0, samples.SampleCount, ScalarType.Float32, CPU);
                Measure(name, new EmpiricalRisk(PyTorchBenchmark.Model(folder.FullName), new CrossEntropy(classDimension: samples.TargetShape.Count > 0 ? -1 : 1), inputs, targets));
            }
            finally
            {
                folder.Delete(recursive: true);
            }
        }
    }

    private static void Measure(string name, EmpiricalRisk risk)
    {
        int few = Models[name].Seeds;
        using var shards = new ShardedRisk(risk.Model, risk.Loss, new TensorSamples(risk.Inputs, risk.Targets));
        foreach (var matrix in Enum.GetValues<CurvatureMatrix>())
        {
            var exact = ExactTrace.Of(risk, matrix);
            Watched.Print($"{name}, {matrix}: {risk.Blocks.Sum(block => block.Size):N0} parameters, {risk.SampleCount:N0} samples, trace {exact.Trace:N4} from {exact.Probes:N0} basis vectors");
            CurvatureOptions Options(int seed) => new() { Matrix = matrix, Structure = BlockStructure.Full, Seed = (ulong)seed };

            void Print(string estimator, int seeds, Func<int, double[]> estimates, int evaluated)
            {
                // Once for nothing: what the library loads and compiles is in it.
                estimates(seeds);
                double start = Environment.CpuUsage.TotalTime.TotalSeconds;
                double[][] all = [.. Enumerable.Range(0, seeds).Select(estimates)];
                double each = (Environment.CpuUsage.TotalTime.TotalSeconds - start) / seeds / evaluated;
                var errors = Numbers.Select((_, i) => Figure(Math.Sqrt(all.Average(one => Math.Pow(one[i] / exact.Trace - 1, 2)))));
                Watched.Print($"| {name} | {matrix} | {estimator} | {string.Join(" | ", errors)} | {1000 * each:N2} |");
            }

            double[] Means(CurvatureOptions options)
            {
                using var form = QuadraticForms.Create(risk, options);
                var values = form.Evaluate(0, Numbers[^1]);
                return [.. Numbers.Select(number => Enumerable.Range(0, number).Average(values.Total))];
            }

            using var best = QuadraticForms.Create(risk, Options(0) with { ProbeSpace = null });
            Print("hutchinson", MoreSeeds * few, seed => Means(Options(seed)), Numbers[^1]);
            Print("hutchpp", few, seed => [.. Numbers.Select(number => HutchPlusPlusEstimator.Estimate(shards, Options(seed), number).Trace)], Numbers.Sum());
            Print("xtrace", few, seed => [.. Numbers.Select(number => XTraceEstimator.Estimate(shards, Options(seed), number).Trace)], Numbers.Sum());
            Print($"probes of each sample, {best.ProbeSpace.ToString().ToLowerInvariant()} space", MoreSeeds * few, seed => Means(Options(seed) with { ProbeSpace = best.ProbeSpace }), Numbers[^1]);
        }
    }

    /// <summary>In percent, with two digits.</summary>
    private static string Figure(double error) => error < 1e-5 ? "0" : (100 * error).ToString(error < 0.001 ? "0.000" : error < 0.01 ? "0.00" : error < 0.1 ? "0.0" : "0", CultureInfo.InvariantCulture);
}
