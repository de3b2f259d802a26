using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using ActorHutch.Curvature;
using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Native;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Benchmarks;

/// <summary>
/// Trained networks of PyTorch's: seconds until the 95 % interval's half-width is at most 1 % of the Hessian's trace, (a) with the
/// probe space that the library picks, (b) with probes of parameter space and the whole matrix, (c) with PyTorch's double backward.
/// </summary>
/// <remarks>
/// Seconds are those of processors, which another program on the machine does not add its own to. What takes longer than
/// <see cref="Longest"/> is measured for a while, and extrapolated by its probes' variance.
/// </remarks>
internal static class TimeToOnePercentBenchmark
{
    private const double RelativeError = 0.01;

    /// <summary>The normal distribution's quantile of 97.5 %: for extrapolated numbers of probes, which are large.</summary>
    private const double Quantile = 1.96;

    /// <summary>Seconds; what takes longer is left after <see cref="While"/> and <see cref="Measured"/> probes. As time_to_one_percent.py has them.</summary>
    private const double Longest = 60, While = 20;

    private const int Measured = 50;

    /// <summary>Seconds; what takes less is measured again.</summary>
    private const double Short = 5;

    private const int Rounds = 3;

    /// <summary>With more samples than a shard has, they are in shards.</summary>
    private const long LargestBatch = ShardSize.Samples;

    private static readonly long[] PassSizes = [16, 64, 256, 1024];

    /// <summary>As time_to_one_percent.py has them.</summary>
    private static readonly string[] Models = ["cifar_resnet", "vision_transformer", "gpt", "mlp", "cnn"];

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static void Run(string[] names)
    {
        LibTorch.Load();
        set_num_threads(1);
        List<string> rows = [];
        foreach (string name in names.Length == 0 ? Models : names)
        {
            var folder = Directory.CreateTempSubdirectory("actorhutch-benchmark-");
            try
            {
                if (Train(name, folder.FullName) is { } python) rows.Add(Measure(name, folder.FullName, python));
            }
            finally
            {
                folder.Delete(recursive: true);
            }
        }

        if (rows.Count == 0) return;
        Console.WriteLine("\nSeconds of a processor to 1 % of the trace, one thread; ≈: extrapolated\n");
        Console.WriteLine("| model | N | (a)'s space | probes | (a) | (b) parameter space, full, and probes | (c) PyTorch, and probes | b/a | c/a | a pass | (a) in passes |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|---|");
        rows.ForEach(Console.WriteLine);
    }

    /// <summary>Trains a model, writes it, and measures (c); null where that cannot be done.</summary>
    private static PyTorchRun? Train(string name, string folder)
    {
        try
        {
            using var python = PyTorchBenchmark.Python("time_to_one_percent.py", name, folder);
            string printed = python.StandardOutput.ReadToEnd();
            python.WaitForExit();
            if (python.ExitCode == 0) return JsonSerializer.Deserialize<PyTorchRun>(printed, Json);
            Console.WriteLine($"{name} is left out: it is trained in PyTorch, and time_to_one_percent.py ended with {python.ExitCode}");
        }
        catch (Win32Exception error)
        {
            Console.WriteLine($"{name} is left out: it is trained in PyTorch, and {error.Message}");
        }

        return null;
    }

    /// <summary>Measures (a), (b) and a pass, prints what is known of them, and gives a row of the table.</summary>
    private static string Measure(string name, string folder, PyTorchRun python)
    {
        using var scope = NewDisposeScope();
        using var samples = Dataset.Open(new DatasetFiles(Path.Combine(folder, "samples.safetensors")));
        var problem = new Problem(PyTorchBenchmark.Model(folder), new CrossEntropy(classDimension: samples.TargetShape.Count > 0 ? -1 : 1), samples);
        Watched.Print(
            $"{name}: N = {samples.SampleCount:N0}, {python.Parameters:N0} parameters, loss {python.Loss:N3}, accuracy {python.Accuracy:P1}; PyTorch's matrix product: {python.GFlops:N0} GFLOP/s");
        var own = Repeated("(a)", problem, new CurvatureOptions { ProbeSpace = null }, chunk: 2);
        var classical = Repeated("(b)", problem, new CurvatureOptions { ProbeSpace = ProbeSpace.Parameter, Structure = BlockStructure.Full }, chunk: 20);
        var pytorch = new Outcome("parameter, autograd", python.Setup, python.Seconds, python.Probes, python.Mean, python.Deviation * python.Deviation, python.Done);
        Print("(c)", pytorch, $"once");
        // The best that is known: extrapolated numbers of probes depend on the trace, and on a variance that is the same for (b) and (c).
        double trace = own is { IsDone: true } ? own.Trace : classical?.Trace ?? pytorch.Trace;
        double variance = classical is null
            ? pytorch.Variance
            : (classical.Variance * classical.Probes + pytorch.Variance * pytorch.Probes) / (classical.Probes + pytorch.Probes);
        (classical, pytorch) = (classical is null ? null : classical with { Variance = variance }, pytorch with { Variance = variance });
        var (pass, size) = Pass(problem);
        Watched.Print($"  a pass forward and backward: {pass:N3} s at its best batch size, {size}; {1e6 * pass / samples.SampleCount:N1} µs a sample");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {samples.SampleCount:N0} | {own?.Space} | {own?.ProbesAt(trace):N0} | {Seconds(own, trace)} | {Seconds(classical, trace)}, {classical?.ProbesAt(trace):N0} | {Seconds(pytorch, trace)}, {pytorch.ProbesAt(trace):N0} | {classical?.SecondsAt(trace) / own?.SecondsAt(trace):N0} | {pytorch.SecondsAt(trace) / own?.SecondsAt(trace):N0} | {pass:N3} | {own?.SecondsAt(trace) / pass:N1} |");
    }

    /// <summary>Estimates once, and where that was short three times more, of which it gives the median; null where the library refuses.</summary>
    private static Outcome? Repeated(string what, Problem problem, CurvatureOptions options, int chunk)
    {
        try
        {
            var first = Estimate(problem, options, chunk);
            if (first.Total >= Short)
            {
                Print(what, first, $"once");
                return first;
            }

            // What the library loads and compiles was in the first.
            Outcome[] rounds = [.. Enumerable.Range(0, Rounds).Select(_ => Estimate(problem, options, chunk)).OrderBy(round => round.Total)];
            Print(what, rounds[Rounds / 2], $"median of {rounds[0].Total:N3} to {rounds[^1].Total:N3} s; the first time it took {first.Total:N3} s");
            return rounds[Rounds / 2];
        }
        catch (Exception error) when (error is CurvatureException or InvalidOperationException or ExternalException)
        {
            // A model that it does not serve, or a defect: the other ways are measured all the same.
            Console.WriteLine($"  {what} failed: {error}");
            return null;
        }
    }

    private static Outcome Estimate(Problem problem, CurvatureOptions options, int chunk)
    {
        using var scope = NewDisposeScope();
        var (model, loss, samples) = problem;
        bool isSharded = samples.SampleCount > LargestBatch;
        // Loading is no part of it; shards are read while it runs.
        var (inputs, targets) = samples.Read(0, isSharded ? 1 : samples.SampleCount, ScalarType.Float32, CPU);
        double start = Processor();
        using var shards = isSharded ? new ShardedRisk(model, loss, samples) : null;
        using var form = shards is null
            ? QuadraticForms.Create(new EmpiricalRisk(model, loss, inputs, targets), options)
            : QuadraticForms.Create(shards, options);
        double setup = Processor() - start;
        var fold = new TraceAccumulator(form.Blocks);
        while (true)
        {
            fold.Add(form.Evaluate(fold.Count, chunk));
            var estimate = fold.Estimate();
            double seconds = Processor() - start - setup;
            bool isDone = StoppingRule.IsSatisfied(estimate, RelativeError);
            double all = seconds / fold.Count * StoppingRule.ProbesNeeded(estimate, RelativeError);
            if (isDone || (fold.Count >= Measured && seconds > While && !(all <= Longest)))
            {
                string space = form.ProbeSpace.ToString().ToLowerInvariant() + (form.Method == CurvatureMethod.Quadratic ? "" : $", {form.Method}");
                return new Outcome(space, setup, seconds, fold.Count, estimate.Trace, estimate.ProbeVariance, isDone);
            }
        }
    }

    /// <summary>Seconds of a processor for libtorch's loss and gradient over all samples, at the batch size that is best, and that size.</summary>
    private static (double Seconds, long Size) Pass(Problem problem)
    {
        long all = problem.Samples.SampleCount, some = Math.Min(all, PassSizes[^1]);
        long best = PassSizes.Where(size => size <= all).MinBy(size => Enumerable.Range(0, Rounds).Min(_ => PassOver(problem, some, size)));
        return (PyTorchBenchmark.Median(Enumerable.Range(0, Rounds).Select(_ => PassOver(problem, all, best))), best);
    }

    private static double PassOver(Problem problem, long count, long size)
    {
        double seconds = 0;
        for (long first = 0; first < count; first += size)
        {
            using var scope = NewDisposeScope();
            var (inputs, targets) = problem.Samples.Read(first, Math.Min(size, count - first), ScalarType.Float32, CPU);
            double start = Processor();
            // Scores are [N, C], or [N, T, C].
            var scores = problem.Model.call(inputs[0]);
            nn.functional.cross_entropy(scores.flatten(0, -2), targets.flatten()).backward();
            problem.Model.zero_grad();
            seconds += Processor() - start;
        }

        return seconds;
    }

    private static void Print(string what, Outcome outcome, FormattableString more)
    {
        var (space, setup, seconds, probes, trace, variance, isDone) = outcome;
        Watched.Print(
            $"  {what} {space}: {probes:N0} probes in {seconds:N3} s after {setup:N3} s, {1000 * seconds / probes:N3} ms a probe, trace {trace:N4} with a standard error of {Math.Sqrt(variance / probes):N4}{(isDone ? "" : ", left before it was at 1 %")}; {FormattableString.Invariant(more)}");
    }

    private static FormattableString Seconds(Outcome? outcome, double trace) => outcome switch
    {
        null => $"failed",
        { IsDone: true } => $"{outcome.Total:N2}",
        _ => $"≈ {outcome.SecondsAt(trace):N0}",
    };

    private static double Processor() => Environment.CpuUsage.TotalTime.TotalSeconds;

    private sealed record Problem(nn.Module<Tensor, Tensor> Model, CrossEntropy Loss, Dataset Samples);

    /// <summary>What time_to_one_percent.py prints.</summary>
    private sealed record PyTorchRun(
        long Parameters, double GFlops, double Loss, double Accuracy, double Setup, double Seconds, long Probes, double Mean,
        double Deviation, bool Done);

    /// <summary>An estimate that was ended, by the rule or early.</summary>
    /// <param name="Space">Where probes were drawn, and the method where it is none of this program's own.</param>
    /// <param name="Setup">Seconds before the first probe: the linearization, or the gradient's graph.</param>
    /// <param name="Seconds">Of all probes.</param>
    /// <param name="Probes">How many.</param>
    /// <param name="Trace">The estimate.</param>
    /// <param name="Variance">Of one probe's vᵀHv.</param>
    /// <param name="IsDone">Whether it is good to 1 %.</param>
    private sealed record Outcome(string Space, double Setup, double Seconds, long Probes, double Trace, double Variance, bool IsDone)
    {
        /// <summary>Seconds of what was measured.</summary>
        public double Total => Setup + Seconds;

        /// <summary>Probes to 1 %: those that were taken, or n = (1.96 s / (0.01 trace))² for the probes' deviation s.</summary>
        public double ProbesAt(double trace) => IsDone ? Probes : Variance * Math.Pow(Quantile / (RelativeError * trace), 2);

        /// <summary>Seconds to 1 %, measured or extrapolated.</summary>
        public double SecondsAt(double trace) => Setup + Seconds / Probes * ProbesAt(trace);
    }
}
