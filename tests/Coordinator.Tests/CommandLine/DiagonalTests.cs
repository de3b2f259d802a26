using ActorHutch.Curvature.Data;
using ActorHutch.GpuWorker.Replicas;

namespace ActorHutch.Coordinator.Tests.CommandLine;

/// <summary>The diagonal of BackPACK's example.</summary>
public sealed class DiagonalTests
{
    /// <summary>The GGN's trace of the example, as actorhutch exact has it, is tested elsewhere; here the diagonal is held against that command.</summary>
    [Fact]
    public async Task Of_few_outputs_it_is_exact_and_its_sum_is_the_trace()
    {
        using var folder = new TemporaryFolder();
        var exact = await Invocation.Of(new TorchReplicaFactory(), ["exact", "--matrix", "ggn", "--dtype", "float64", "--json"]);
        var run = await Run("--matrix", "ggn", "--dtype", "float64", "--json", "--out", folder.File("r"));

        Assert.Equal(0, run.Code);
        double trace = exact.Json.GetProperty("trace").GetDouble();
        Assert.Equal(trace, run.Json.GetProperty("trace").GetDouble(), 1e-12 * trace);
        Assert.Equal((10, 0.0), (run.Json.GetProperty("probes").GetInt32(), run.Json.GetProperty("standardError").GetDouble()));
        Assert.False(File.Exists(folder.File("r/standard-errors.safetensors")));
        double sum = 0;
        using var file = ArrayFiles.Open(folder.File("r/diagonal.safetensors"));
        Assert.Equal(["1.weight", "3.weight"], file.Arrays.Select(array => array.Name).Order());
        foreach (var array in file.Arrays)
        {
            using var entries = array.Read();
            Assert.Equal(array.Name == "1.weight" ? [20, 784] : new long[] { 10, 20 }, entries.shape);
            Assert.True(entries.min().item<double>() >= 0);
            sum += entries.sum().item<double>();
        }

        Assert.Equal(trace, sum, 1e-12 * trace);
    }

    /// <summary>Kept in a state directory too, in shards, and with a chunk of one probe at the end.</summary>
    [Fact]
    public async Task Neither_workers_nor_a_state_directory_show_in_a_single_bit()
    {
        using var folder = new TemporaryFolder();
        string[] options = ["--probes", "21", "--v-batch", "10", "--shard", "100", "--json"];
        string? expected = null;
        string[][] ways = [["--workers", "1"], ["--workers", "2"], ["--workers", "3"], ["--state", folder.File("state")], ["--state", folder.File("state")]];
        for (int i = 0; i < ways.Length; i++)
        {
            var run = await Run([.. options, .. ways[i], "--out", folder.File($"{i}")]);

            Assert.Equal(0, run.Code);
            string bits = run.Json.GetProperty("trace").GetRawText() + run.Json.GetProperty("standardError").GetRawText()
                + Convert.ToHexString(await File.ReadAllBytesAsync(folder.File($"{i}/diagonal.safetensors"), TestContext.Current.CancellationToken))
                + Convert.ToHexString(await File.ReadAllBytesAsync(folder.File($"{i}/standard-errors.safetensors"), TestContext.Current.CancellationToken));
            expected ??= bits;
            Assert.Equal(expected, bits);
            // Probes, as workers count them, are those of all samples.
            Assert.InRange(run.Json.GetProperty("workers").EnumerateArray().Sum(worker => worker.GetProperty("probes").GetInt32()), 20, 22);
        }
    }

    [Fact]
    public async Task A_report_says_where_the_entries_are()
    {
        using var folder = new TemporaryFolder();

        Assert.Matches(@"entries +written with --out DIR", (await Run("--probes", "4")).Out);
        var run = await Run("--probes", "4", "--out", folder.File("r"));

        Assert.Equal(0, run.Code);
        Assert.Contains("The diagonal of the Hessian of mnist-example", run.Out, StringComparison.Ordinal);
        string page = await File.ReadAllTextAsync(folder.File("r/report.html"), TestContext.Current.CancellationToken);
        Assert.Contains("diagonal.safetensors", page, StringComparison.Ordinal);
        Assert.DoesNotContain("probes.csv", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--relative-error 0.1", "--relative-error")]
    [InlineData("--probe-space output", "must be parameter, prediction or auto")]
    [InlineData("--rounding-probes 3", "--rounding-probes")]
    [InlineData("--k 3", "--k")]
    [InlineData("--v-batch 1", "--v-batch 1: must be at least 2 with diagonal")]
    public async Task What_it_does_not_take_is_said(string options, string message)
    {
        var run = await Run(options.Split(' '));

        Assert.Equal(2, run.Code);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
    }

    /// <summary>Before a chunk is computed: 256 shards and 5,000 ranges of probes, two rows of all parameters each.</summary>
    [Fact]
    public async Task What_no_journal_holds_is_refused()
    {
        using var folder = new TemporaryFolder();
        var run = await Run("--shard", "1", "--v-batch", "2", "--probes", "10000", "--state", folder.File("state"));

        Assert.Equal(2, run.Code);
        Assert.Contains("1,280,000 chunks of 15,883 values each", run.Error, StringComparison.Ordinal);
        Assert.Contains("--shard", run.Error, StringComparison.Ordinal);
    }

    private static Task<Invocation> Run(params string[] options) => Invocation.Of(new TorchReplicaFactory(), ["diagonal", .. options]);
}
