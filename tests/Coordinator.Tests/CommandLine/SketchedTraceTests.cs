using System.Text.Json;
using ActorHutch.GpuWorker.Replicas;

namespace ActorHutch.Coordinator.Tests.CommandLine;

/// <summary><c>actorhutch xtrace</c> and <c>actorhutch hutchpp</c> on the built-in example: 15,880 parameters, 256 samples.</summary>
public sealed class SketchedTraceTests : IDisposable
{
    private const double Exact = 12.4550;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Sharded, every product is the sum of four, which three workers bring in any order.</summary>
    [Theory]
    [InlineData("xtrace --probes 30")]
    [InlineData("xtrace --probes 30 --shard 64")]
    [InlineData("xtrace --probes 25 --shard 64 --v-batch 3 --structure block")]
    [InlineData("hutchpp --probes 30")]
    [InlineData("hutchpp --probes 31 --shard 64")]
    [InlineData("hutchpp --probes 29 --shard 64 --v-batch 3 --matrix ggn")]
    public async Task The_number_of_workers_does_not_show_in_a_single_bit(string line)
    {
        string? expected = null;
        foreach (string workers in (string[])["1", "2", "3"])
        {
            var run = await Run($"{line} --workers {workers} --json");

            Assert.Equal((0, Words(line)[0], "parameter", "completed"), (run.Code, Text(run, "kind"), Text(run, "probeSpace"), Text(run, "stopReason")));
            Assert.Equal(0, run.Json.GetProperty("blocks").GetArrayLength());
            expected ??= Bits(run);
            Assert.Equal(expected, Bits(run));
        }
    }

    /// <summary>
    /// Five standard errors away or more is once in some 10⁴ with 29 degrees of freedom or more, and the seed is fixed. The exact trace, which takes
    /// 11 vectors, is there to compare with, in double precision.
    /// </summary>
    [Theory]
    [InlineData("xtrace", 49)]
    [InlineData("hutchpp", 33)]
    public async Task It_is_near_the_exact_trace_which_is_computed_beside_it(string command, int freedom)
    {
        var run = await Run($"{command} --json --workers 2");

        var report = run.Json;
        double error = report.GetProperty("standardError").GetDouble(), trace = report.GetProperty("trace").GetDouble();
        Assert.Equal((0, 100, freedom), (run.Code, report.GetProperty("probes").GetInt32(), report.GetProperty("degreesOfFreedom").GetInt32()));
        Assert.InRange(trace, Exact - 5 * error, Exact + 5 * error);
        Assert.InRange(error, 0.01 * Exact, 0.2 * Exact);
        Assert.Equal(("full", "float64"), (Text(run, "structure"), Text(run, "exactDtype")));
        Assert.InRange(report.GetProperty("exactTrace").GetDouble(), Exact - 1e-4, Exact + 1e-4);
    }

    /// <summary>The last layer's weight alone, 200 parameters: as many vectors as there are.</summary>
    [Theory]
    [InlineData("xtrace")]
    [InlineData("hutchpp")]
    public async Task Of_fewer_parameters_than_vectors_it_is_exact(string command)
    {
        var exact = await Run("exact --parameters 3.weight --dtype float64 --json");
        var run = await Run($"{command} --parameters 3.weight --dtype float64 --probes 900 --v-batch 7 --json");
        var text = await Run($"{command} --parameters 3.weight --dtype float64 --probes 900 --out {_folder.File("report")}");

        double expected = exact.Json.GetProperty("trace").GetDouble();
        Assert.Equal((0, 0, "completed"), (run.Code, text.Code, Text(run, "stopReason")));
        Assert.InRange(run.Json.GetProperty("trace").GetDouble(), expected * (1 - 1e-9), expected * (1 + 1e-9));
        Assert.Equal(0, run.Json.GetProperty("standardError").GetDouble());
        Assert.Equal(400, run.Json.GetProperty("probes").GetInt32());
        Assert.All((string[])["confidence", "degreesOfFreedom"], name => Assert.Equal(JsonValueKind.Null, run.Json.GetProperty(name).ValueKind));
        Assert.Contains("(exact)", text.Out, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("report/probes.csv")));
    }

    [Fact]
    public async Task Verified_products_are_the_same_products()
    {
        var run = await Run("xtrace --probes 12 --shard 64 --workers 3 --verify-fraction 1 --json");
        var alone = await Run("xtrace --probes 12 --shard 64 --workers 1 --json");

        Assert.Equal((0, Bits(alone)), (run.Code, Bits(run)));
        var chunks = run.Json.GetProperty("chunks");
        Assert.Equal((0, 0), (chunks.GetProperty("disagreements").GetInt32(), chunks.GetProperty("failed").GetInt32()));
        Assert.True(chunks.GetProperty("verified").GetInt32() > 0);
    }

    /// <summary>Interrupted in the first turn, and in a later one.</summary>
    [Theory]
    [InlineData("xtrace")]
    [InlineData("hutchpp")]
    public async Task An_interrupted_job_goes_on_with_the_same_bits(string command)
    {
        string[] options = [command, "--shard", "64", "--json", "--probes", "30", "--workers", "2"];
        string[] kept = [.. options, "--state", _folder.File("state")];
        foreach (long product in (long[])[5, 23])
        {
            using var interrupt = new CancellationTokenSource();
            var interrupted = await Invocation.Of(
                new WatchedReplicaFactory { OnEvaluate = first => { if (first >= product) interrupt.Cancel(); } }, kept, interrupt.Token);

            Assert.Equal((130, true), (interrupted.Code, interrupted.Json.GetProperty("interrupted").GetBoolean()));
            // Before the last product it says nothing.
            Assert.Equal(JsonValueKind.Null, interrupted.Json.GetProperty("trace").ValueKind);
        }

        var resumed = await Invocation.Of(new TorchReplicaFactory(), kept);
        var whole = await Invocation.Of(new TorchReplicaFactory(), options);
        var again = await Invocation.Of(
            new WatchedReplicaFactory { OnEvaluate = _ => throw new InvalidOperationException("Computed.") }, kept);

        Assert.Equal((0, Bits(whole)), (resumed.Code, Bits(resumed)));
        Assert.Matches(@"^\d+ of [\d,]+ chunks were in the state directory\.\n", resumed.Error);
        Assert.Equal(Bits(whole), Bits(again));
    }

    [Theory]
    [InlineData("xtrace", 15)]
    [InlineData("hutchpp", 10)]
    public async Task A_report_has_a_page_a_picture_and_what_the_trace_is_the_mean_of(string command, int vectors)
    {
        var run = await Run($"{command} --probes 30 --dtype float64 --out {_folder.File("report")}");

        Assert.Equal(0, run.Code);
        Assert.StartsWith("The trace of the Hessian of mnist-example\n", run.Out.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Contains("(standard error, 30 products)", run.Out, StringComparison.Ordinal);
        var report = JsonDocument.Parse(await Read("report.json")).RootElement;
        string[] lines = (await Read("probes.csv")).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.Equal("probe,total", lines[0]);
        double[] values = [.. lines.Skip(1).Select(line => double.Parse(line.Split(',')[1], System.Globalization.CultureInfo.InvariantCulture))];
        double mean = values.Average();
        Assert.Equal(vectors, values.Length);
        Assert.Equal(report.GetProperty("trace").GetDouble(), mean, 1e-9);
        Assert.Equal(report.GetProperty("standardError").GetDouble(), Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (vectors - 1) / vectors), 1e-9);
        Assert.Contains("<svg", await Read("convergence.svg"), StringComparison.Ordinal);
        string page = await Read("report.html");
        Assert.Contains("each random vector's estimate of the trace", page, StringComparison.Ordinal);
        Assert.Contains("30 products", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("xtrace --probes 3", "--probes 3: must be at least 4 with xtrace and --v-batch 1")]
    [InlineData("xtrace --probes 11 --v-batch 6", "--probes 11: must be at least 12 with xtrace and --v-batch 6")]
    [InlineData("hutchpp --probes 3", "--probes 3: must be at least 4 with hutchpp and --v-batch 1")]
    [InlineData("hutchpp --probes 17 --v-batch 6", "--probes 17: must be at least 18 with hutchpp and --v-batch 6")]
    [InlineData("xtrace --probes 0", "--probes 0: must be at least 1")]
    [InlineData("xtrace --relative-error 0.1", "--relative-error: xtrace does not take it; estimate, subsample, eigenvalues do.")]
    [InlineData("hutchpp --relative-error=0.1", "--relative-error: hutchpp does not take it; estimate, subsample, eigenvalues do.")]
    [InlineData("xtrace --k 3", "--k: xtrace does not take it; eigenvalues do.")]
    [InlineData("hutchpp --which both", "--which")]
    [InlineData("xtrace --vectors", "--vectors")]
    [InlineData("hutchpp --distribution gaussian", "--distribution")]
    [InlineData("xtrace --probe-space output", "--probe-space")]
    [InlineData("hutchpp --rounding-probes 3", "--rounding-probes")]
    [InlineData("xtrace --lanczos-steps 3", "--lanczos-steps")]
    [InlineData("hutchpp --confidence-level 1", "--confidence-level 1: must lie between 0 and 1")]
    [InlineData("xtrace --method quadratic", "--method quadratic")]
    public async Task What_it_does_not_take_is_said(string line, string message)
    {
        var run = await Run(line);

        Assert.Equal((2, ""), (run.Code, run.Out));
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_job_file_with_a_target_is_told_that_there_is_none()
    {
        string file = _folder.Write("job.json", """{ "kind": "hutchpp", "relativeError": 0.1 }""");

        var run = await Run($"--job {file}");

        Assert.Equal((2, ""), (run.Code, run.Out));
        Assert.Contains($"{file}: relativeError 0.1: has no meaning with hutchpp, which takes all --probes", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_interval_has_the_level_that_is_asked_for()
    {
        var narrow = (await Run("xtrace --probes 20 --confidence-level 0.5 --json")).Json.GetProperty("confidence");
        var wide = (await Run("xtrace --probes 20 --confidence-level 0.99 --json")).Json.GetProperty("confidence");

        Assert.Equal((0.5, 0.99), (narrow.GetProperty("level").GetDouble(), wide.GetProperty("level").GetDouble()));
        // Student's quantiles with 9 degrees of freedom.
        Assert.Equal(3.2498 / 0.7027, Width(wide) / Width(narrow), 1e-3);

        static double Width(JsonElement interval) => interval.GetProperty("high").GetDouble() - interval.GetProperty("low").GetDouble();
    }

    private static Task<Invocation> Run(string line) => Invocation.Of(new TorchReplicaFactory(), Words(line));

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private Task<string> Read(string name) => File.ReadAllTextAsync(Path.Combine(_folder.File("report"), name), TestContext.Current.CancellationToken);

    private static string Bits(Invocation run) =>
        string.Join(' ', ((string[])["trace", "standardError", "confidence", "probes"]).Select(name => run.Json.GetProperty(name).GetRawText()));

    private static string? Text(Invocation run, string name) => run.Json.GetProperty(name).GetString();
}
