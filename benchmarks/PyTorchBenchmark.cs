using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Models;
using ActorHutch.Curvature.Native;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Benchmarks;

/// <summary>
/// Models of PyTorch's, a probe's time and memory: quadratic against PyTorch's own Hessian-vector product and against
/// autodiff, which is the same product in this program's libtorch.
/// </summary>
/// <remarks>A probe's time is that of processors, which another program on the machine does not add its own to.</remarks>
internal static partial class PyTorchBenchmark
{
    private const int Rounds = 7;
    private const double SecondsOfRound = 0.5;

    /// <summary>As pytorch_products.py has them.</summary>
    private static readonly string[] Models =
        ["mlp", "mlp_tanh", "resnet18", "cifar_resnet", "vit", "gpt", "mobilenet_v2", "resnet50"];

    public static void Run(string[] names)
    {
        if (names is [var only])
        {
            Measure(only);
            return;
        }

        Console.WriteLine("ms of a processor a probe, the ratios' least and largest in brackets; largest MiB beyond the model and its data");
        foreach (string name in names.Length == 0 ? Models : names)
        {
            // A process each: what one model has left in the allocator is no memory of the next one.
            using var process = Process.Start("dotnet", [typeof(PyTorchBenchmark).Assembly.Location, "pytorch", name]);
            process.WaitForExit();
        }
    }

    private static void Measure(string name)
    {
        LibTorch.Load();
        set_num_threads(1);
        var folder = Directory.CreateTempSubdirectory("actorhutch-benchmark-");
        try
        {
            using var python = Python("pytorch_products.py", name, folder.FullName);
            if (python.StandardOutput.ReadLine() is null) return;
            var products = new Contender(count =>
            {
                python.StandardInput.WriteLine(count.ToString(CultureInfo.InvariantCulture));
                string[] words = python.StandardOutput.ReadLine()!.Split(' ');
                return (Number(words[0]), Number(words[1]) / (1 << 20));
            });
            using var scope = NewDisposeScope();
            var risk = Risk(folder.FullName);
            var quadratic = Own(risk, CurvatureMethod.Quadratic);
            // Before the next one is made: how much memory it takes is measured alone.
            quadratic.Prepare();
            var autodiff = Own(risk, CurvatureMethod.Autodiff);
            Contender[] all = [products, quadratic, autodiff];
            products.Prepare();
            autodiff.Prepare();
            for (int round = 0; round < Rounds; round++)
            {
                foreach (var contender in all) contender.Round();
            }

            Watched.Print(
                $"{name}: PyTorch {products.Milliseconds:N2}, quadratic {quadratic.Milliseconds:N2}, {Ratio(products, quadratic)} faster; autodiff {autodiff.Milliseconds:N2}, {Ratio(autodiff, quadratic)}; MiB: PyTorch {products.Memory:N0}, quadratic {quadratic.Memory:N0}");
            python.StandardInput.Close();
            python.WaitForExit();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static FormattableString Ratio(Contender slow, Contender fast)
    {
        double[] ratios = [.. slow.Seconds.Zip(fast.Seconds, (a, b) => a / b)];
        return $"{Median(ratios):N2} times ({ratios.Min():N2}–{ratios.Max():N2})";
    }

    /// <summary>The model that the exporter wrote to a folder.</summary>
    public static nn.Module<Tensor, Tensor> Model(string folder)
    {
        var module = ModelDescription.Load(Path.Combine(folder, "model.json")).Build(ScalarType.Float32, CPU);
        using var weights = ArrayFiles.Open(Path.Combine(folder, "weights.safetensors"));
        StateDict.Load(module, weights);
        return module;
    }

    /// <summary>Starts a script of this folder, on one thread.</summary>
    public static Process Python(string script, params string[] arguments)
    {
        string path = Path.Combine(Root(), "benchmarks", script);
        return Process.Start(new ProcessStartInfo("/usr/bin/python3", [path, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            Environment = { ["PYTHONDONTWRITEBYTECODE"] = "1", ["OPENBLAS_NUM_THREADS"] = "1" },
        })!;
    }

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    private static EmpiricalRisk Risk(string folder)
    {
        using var data = Dataset.Open(new DatasetFiles(Path.Combine(folder, "data.safetensors")));
        var (inputs, targets) = data.Read(0, data.SampleCount, ScalarType.Float32, CPU);
        return new EmpiricalRisk(Model(folder), new CrossEntropy(classDimension: data.NamedLossArguments.ContainsKey("class-dimension") ? -1 : 1), inputs, targets);
    }

    /// <summary>A method of this program's.</summary>
    private static Contender Own(EmpiricalRisk risk, CurvatureMethod method)
    {
        var options = new CurvatureOptions { Structure = BlockStructure.Full, Method = method };
        // Once for nothing: what the library loads and compiles is not a probe's memory.
        using (var first = QuadraticForms.Create(risk, options)) first.Evaluate(0, 1);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        _ = ReturnMemory(0);
        // The largest memory so far is that of now from here on.
        File.WriteAllText("/proc/self/clear_refs", "5");
        double before = Memory("VmRSS");
        var form = QuadraticForms.Create(risk, options);
        long done = 0;
        return new Contender(count =>
        {
            var start = Environment.CpuUsage.TotalTime;
            form.Evaluate(done, count);
            done += count;
            return ((Environment.CpuUsage.TotalTime - start).TotalSeconds / count, Memory("VmHWM") - before);
        });
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "ActorHutch.sln"))) folder = folder.Parent!;
        return folder.FullName;
    }

    /// <summary>Gives what the allocator holds back to the system.</summary>
    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int ReturnMemory(nint kept);

    /// <summary>MiB of this process.</summary>
    private static double Memory(string field) =>
        Number(File.ReadLines("/proc/self/status").First(line => line.StartsWith(field, StringComparison.Ordinal)).Split()[^2]) / 1024;

    private static double Number(string word) => double.Parse(word, CultureInfo.InvariantCulture);

    /// <summary>A way to compute products, a round of them at a time.</summary>
    /// <param name="run">So many products: seconds for each, and the largest memory so far.</param>
    private sealed class Contender(Func<int, (double Seconds, double Memory)> run)
    {
        private int _count = 2;

        public List<double> Seconds { get; } = [];

        public double Milliseconds => 1000 * Median(Seconds);

        /// <summary>MiB.</summary>
        public double Memory { get; private set; }

        /// <summary>Warms up, and finds how many products a round has.</summary>
        public void Prepare()
        {
            double seconds = 0;
            for (int i = 0; i < 3; i++) (seconds, Memory) = run(_count);
            _count = Math.Max(_count, (int)(SecondsOfRound / seconds));
        }

        public void Round() => Seconds.Add(run(_count).Seconds);
    }
}
