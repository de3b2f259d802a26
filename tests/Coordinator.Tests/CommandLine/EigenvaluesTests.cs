using System.Globalization;
using System.Text.Json;
using ActorHutch.Curvature.Data;
using ActorHutch.GpuWorker.Replicas;
using static TorchSharp.torch;

namespace ActorHutch.Coordinator.Tests.CommandLine;

/// <summary>The outermost eigenvalues of the built-in example's Hessian: 15,880 parameters, 256 samples.</summary>
public sealed class EigenvaluesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Sharded, every product is the sum of four, which three workers bring in any order.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("--shard 64")]
    [InlineData("--shard 64 --v-batch 3 --which both --k 2")]
    [InlineData("--shard 100 --dtype float64 --which smallest --k 2 --method autodiff --probes 20")]
    public async Task The_number_of_workers_does_not_show_in_a_single_bit(string options)
    {
        string? expected = null;
        foreach (string workers in (string[])["1", "2", "3"])
        {
            var run = await Run([.. Words(options), "--workers", workers, "--json"]);

            Assert.Equal((0, "eigenvalues", "full", "parameter"), (run.Code, Text(run, "kind"), Text(run, "structure"), Text(run, "probeSpace")));
            expected ??= Bits(run);
            Assert.Equal(expected, Bits(run));
            // They are no trace, and nobody is told one.
            Assert.All((string[])["trace", "standardError", "confidence", "exactTrace"], name => Assert.Equal(JsonValueKind.Null, run.Json.GetProperty(name).ValueKind));
        }
    }

    [Fact]
    public async Task Verified_products_are_the_same_products()
    {
        var run = await Run("--shard 64 --workers 3 --verify-fraction 1 --json --k 2".Split(' '));
        var alone = await Run("--shard 64 --workers 1 --json --k 2".Split(' '));

        Assert.Equal((0, Bits(alone)), (run.Code, Bits(run)));
        var chunks = run.Json.GetProperty("chunks");
        Assert.Equal((0, 0), (chunks.GetProperty("disagreements").GetInt32(), chunks.GetProperty("failed").GetInt32()));
        Assert.True(chunks.GetProperty("verified").GetInt32() > 0);
    }

    /// <summary>
    /// Each eigenvalue is off by the square of its residual, as far as the next one leaves room: 1e-12. One search multiplies by the layers'
    /// rules and begins at one random vector; the other takes libtorch's derivatives of shards, and begins at another.
    /// </summary>
    [Fact]
    public async Task In_double_precision_they_are_the_matrix_s_whoever_multiplies_and_wherever_the_search_begins()
    {
        double[] known = [1.638492835570, 1.391386500621, 1.202165017754, 1.076896731508, 1.025110745470];
        foreach (string options in (string[])["--seed 0", "--seed 7 --method autodiff --shard 64", "--seed 3 --v-batch 4"])
        {
            var run = await Run(["--dtype", "float64", "--json", .. Words(options)]);

            var found = run.Json.GetProperty("eigenvalues");
            Assert.True(found.GetProperty("converged").GetBoolean());
            Assert.InRange(found.GetProperty("bound").GetDouble(), 0, Math.Sqrt(5) * found.GetProperty("tolerance").GetDouble());
            double[] values = Values(found);
            Assert.Equal(known.Length, values.Length);
            for (int i = 0; i < known.Length; i++) Assert.InRange(values[i], known[i] - 1e-9, known[i] + 1e-9);
        }
    }

    [Fact]
    public async Task A_finished_job_says_the_same_again_without_computing()
    {
        string[] options = ["--shard", "64", "--json", "--k", "2", "--state", _folder.File("state")];
        var first = await Run([.. options, "--workers", "3"]);

        var again = await Invocation.Of(
            new WatchedReplicaFactory { OnEvaluate = _ => throw new InvalidOperationException("Computed.") }, ["eigenvalues", .. options, "--workers", "3"]);

        Assert.Equal((0, 0, Times.Without(first.Json)), (first.Code, again.Code, Times.Without(again.Json)));
    }

    /// <summary>Interrupted in the middle of a product, and then again.</summary>
    [Fact]
    public async Task An_interrupted_job_goes_on_with_the_same_bits()
    {
        string[] options = ["--shard", "64", "--json", "--k", "3", "--workers", "2"];
        string[] kept = [.. options, "--state", _folder.File("state")];
        foreach (long product in (long[])[5, 17])
        {
            using var interrupt = new CancellationTokenSource();
            var interrupted = await Invocation.Of(
                new WatchedReplicaFactory { OnEvaluate = first => { if (first >= product) interrupt.Cancel(); } }, ["eigenvalues", .. kept], interrupt.Token);

            Assert.Equal((130, true), (interrupted.Code, interrupted.Json.GetProperty("interrupted").GetBoolean()));
            var found = interrupted.Json.GetProperty("eigenvalues");
            Assert.Equal((false, false), (found.GetProperty("measured").GetBoolean(), found.GetProperty("converged").GetBoolean()));
            Assert.InRange(interrupted.Json.GetProperty("probes").GetInt64(), product, product + 1);
        }

        var resumed = await Run(kept);
        var whole = await Run(options);

        Assert.Equal((0, Bits(whole)), (resumed.Code, Bits(resumed)));
        Assert.Matches(@"^\d+ of (at most )?[\d,]+ chunks were in the state directory\.\n", resumed.Error);
    }

    [Fact]
    public async Task A_report_has_the_values_a_picture_and_the_vectors_where_they_are_asked_for()
    {
        var run = await Run("--out", _folder.File("report"), "--vectors", "--dtype", "float64", "--k", "3");

        Assert.Equal(0, run.Code);
        Assert.Contains("The 3 largest eigenvalues of the Hessian of mnist-example", run.Out, StringComparison.Ordinal);
        Assert.Contains("every residual is within the 1.6e-6 that was asked for", Line(run.Out), StringComparison.Ordinal);
        var report = JsonDocument.Parse(await Read("report.json")).RootElement.GetProperty("eigenvalues");
        string[] lines = (await Read("eigenvalues.csv")).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.Equal("eigenvalue,residual", lines[0]);
        Assert.Equal(Values(report), lines.Skip(1).Select(line => double.Parse(line.Split(',')[0], CultureInfo.InvariantCulture)));
        Assert.Contains("<svg", await Read("eigenvalues.svg"), StringComparison.Ordinal);
        Assert.Contains("largest eigenvalues of the Hessian", await Read("report.html"), StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("report/probes.csv")));

        using var scope = NewDisposeScope();
        using var file = ArrayFiles.Open(_folder.File("report/eigenvectors.safetensors"));
        Assert.All(file.Arrays, array => Assert.Equal(ScalarType.Float64, array.Dtype));
        Assert.Equal(["1.weight 3,20,784", "3.weight 3,10,20"], file.Arrays.Select(array => $"{array.Name} {string.Join(',', array.Shape)}"));
        var rows = cat([.. file.Arrays.Select(array => array.Read().reshape(3, -1))], 1);
        Assert.Equal(15_880, rows.shape[1]);
        double off = (rows.mm(rows.t()) - eye(3, dtype: ScalarType.Float64)).abs().max().item<double>();
        Assert.InRange(off, 0, 1e-12);
    }

    [Fact]
    public async Task A_report_without_a_page_has_the_values_and_no_pictures()
    {
        var run = await Run("--out", _folder.File("report"), "--vectors", "--no-page");

        Assert.Equal(0, run.Code);
        Assert.EndsWith("report.json\n", run.Out, StringComparison.Ordinal);
        Assert.Equal(
            ["eigenvalues.csv", "eigenvectors.safetensors", "report.json"],
            Directory.GetFiles(_folder.File("report")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Without_being_asked_it_writes_no_vectors()
    {
        await Run("--out", _folder.File("report"), "--k", "1");

        Assert.True(File.Exists(_folder.File("report/eigenvalues.csv")));
        Assert.False(File.Exists(_folder.File("report/eigenvectors.safetensors")));
    }

    [Fact]
    public async Task Too_few_products_are_said_not_to_have_converged()
    {
        var run = await Run("--probes", "12");
        var json = await Run("--probes", "12", "--json");

        Assert.Equal((0, 0), (run.Code, json.Code));
        Assert.Contains("not converged: some residuals are not within the", Line(run.Out), StringComparison.Ordinal);
        var found = json.Json.GetProperty("eigenvalues");
        // The last five products are of the vectors themselves.
        Assert.Equal((5, false, true), (Values(found).Length, found.GetProperty("converged").GetBoolean(), found.GetProperty("measured").GetBoolean()));
        Assert.InRange(json.Json.GetProperty("probes").GetInt32(), 10, 12);
    }

    [Theory]
    [InlineData("--k 0", "--k 0: must be between 1 and 1000")]
    [InlineData("--k 1001", "--k 1001: must be between 1 and 1000")]
    [InlineData("--which middle", "--which middle")]
    [InlineData("--probes 3", "--probes 3: must be at least 10, two products for each of 5 eigenvalues")]
    [InlineData("--probes 11 --which both --k 3", "--probes 11: must be at least 12, two products for each of 6 eigenvalues")]
    [InlineData("--distribution gaussian", "--distribution")]
    [InlineData("--probe-space output", "--probe-space")]
    [InlineData("--confidence-level 0.9", "--confidence-level")]
    [InlineData("--rounding-probes 3", "--rounding-probes")]
    [InlineData("--lanczos-steps 3", "--lanczos-steps")]
    [InlineData("--relative-error 0", "--relative-error 0")]
    [InlineData("--method quadratic", "--method quadratic")]
    public async Task What_it_does_not_take_is_said(string options, string message)
    {
        var run = await Run(options.Split(' '));

        Assert.Equal((2, ""), (run.Code, run.Out));
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("estimate --k 3", "--k")]
    [InlineData("exact --which largest", "--which")]
    [InlineData("spectrum --vectors", "--vectors")]
    public async Task What_is_its_own_is_no_other_command_s(string line, string message)
    {
        var run = await Invocation.Of(new TorchReplicaFactory(), line.Split(' '));

        Assert.Equal(2, run.Code);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
    }

    private static Task<Invocation> Run(params string[] options) => Invocation.Of(new TorchReplicaFactory(), ["eigenvalues", .. options]);

    private Task<string> Read(string name) => File.ReadAllTextAsync(Path.Combine(_folder.File("report"), name), TestContext.Current.CancellationToken);

    private static string[] Words(string options) => options.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The text as one line: where lines are broken is not the matter.</summary>
    private static string Line(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static string Bits(Invocation run) => run.Json.GetProperty("eigenvalues").GetRawText();

    private static double[] Values(JsonElement found) => [.. found.GetProperty("values").EnumerateArray().Select(value => value.GetProperty("value").GetDouble())];

    private static string? Text(Invocation run, string name) => run.Json.GetProperty(name).GetString();
}
