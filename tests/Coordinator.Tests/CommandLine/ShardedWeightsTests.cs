using System.Text.Json;
using ActorHutch.Fakes;
using ActorHutch.GpuWorker.Replicas;

namespace ActorHutch.Coordinator.Tests.CommandLine;

/// <summary>Weights in several files, by their index.</summary>
public sealed class ShardedWeightsTests : IDisposable
{
    private readonly ModelFiles _files = new();
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _folder.Dispose();
        _files.Dispose();
    }

    [Fact]
    public async Task A_job_has_the_bits_that_it_has_with_one_file_and_is_the_same_job_when_it_is_run_again()
    {
        string index = _files.WriteShards("weights.safetensors", "shards");
        string[] state = ["--state", _folder.File("state")];
        var whole = await Run(_files.PathOf("weights.safetensors"));

        var sharded = await Run(index, state);
        var again = await Run(index, [.. state, "--log-level", "information"]);

        Assert.True(sharded.Code == 0, sharded.Error);
        Assert.Equal(Bits(whole.Json), Bits(sharded.Json));
        Assert.Equal(Bits(whole.Json), Bits(again.Json));
        Assert.Contains("in the state directory", again.Error, StringComparison.Ordinal);
        var job = sharded.Json.GetProperty("job");
        Assert.Equal(index, job.GetProperty("weights").GetString());
        Assert.Equal(64, job.GetProperty("weightsSha256").GetString()!.Length);
    }

    /// <summary>A report is a job file: it names the index with the hash of the tensors that the shards held.</summary>
    [Fact]
    public async Task A_report_runs_again_until_a_shard_is_another_one()
    {
        string index = _files.WriteShards("weights.safetensors", "shards");
        var first = await Run(index);
        string report = _folder.File("report.json");
        await File.WriteAllTextAsync(report, first.Out, TestContext.Current.CancellationToken);

        var again = await Invocation.Of(new TorchReplicaFactory(), ["estimate", "--job", report, "--json", "--quiet"]);
        string shard = Path.Combine(Path.GetDirectoryName(index)!, "model-00002-of-00002.safetensors");
        byte[] bytes = await File.ReadAllBytesAsync(shard, TestContext.Current.CancellationToken);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(shard, bytes, TestContext.Current.CancellationToken);
        var changed = await Invocation.Of(new TorchReplicaFactory(), ["estimate", "--job", report, "--json", "--quiet"]);

        Assert.Equal(Bits(first.Json), Bits(again.Json));
        Assert.Equal(2, changed.Code);
        Assert.Contains("it has changed, and its hash is", changed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_series_has_a_row_for_each_index()
    {
        foreach (int step in (int[])[9, 10])
        {
            _files.Write($"step-{step}.safetensors", [.. Parameters()]);
            _files.WriteShards($"step-{step}.safetensors", $"run-{step}");
        }

        var whole = await Run(_files.PathOf("step-*.safetensors"));
        var sharded = await Run(_files.PathOf("run-*/model.safetensors.index.json"));

        Assert.True(sharded.Code == 0, sharded.Error);
        var (rows, expected) = (Rows(sharded), Rows(whole));
        Assert.Equal([9, 10], rows.Select(row => row.GetProperty("step").GetInt32()));
        Assert.Equal(expected.Select(Bits), rows.Select(Bits));
        Assert.NotEqual(Bits(rows[0]), Bits(rows[1]));
    }

    [Theory]
    [InlineData("missing", "its shard model-00002-of-00002.safetensors is missing")]
    [InlineData("not JSON", "an index of weights must be valid JSON")]
    [InlineData("outside", "its 'weight_map' gives 0.bias the shard \"../model-00002-of-00002.safetensors\", which must be the name of a file in the index's folder, without '..'")]
    public async Task What_is_wrong_is_bad_input_before_anything_is_computed(string what, string message)
    {
        string index = _files.WriteShards("weights.safetensors", "shards");
        string text = await File.ReadAllTextAsync(index, TestContext.Current.CancellationToken);
        if (what == "missing") File.Delete(Path.Combine(Path.GetDirectoryName(index)!, "model-00002-of-00002.safetensors"));
        if (what == "not JSON") await File.WriteAllTextAsync(index, text[..^10], TestContext.Current.CancellationToken);
        if (what == "outside") await File.WriteAllTextAsync(index, text.Replace("model-00002", "../model-00002", StringComparison.Ordinal), TestContext.Current.CancellationToken);

        var run = await Run(index);

        Assert.Equal((2, ""), (run.Code, run.Out));
        Assert.Contains($"--weights {index}: must be a file that can be read ({message}", run.Error, StringComparison.Ordinal);
    }

    private IEnumerable<(string Name, string Dtype, int[] Shape, byte[] Content)> Parameters()
    {
        foreach (var (name, shape) in ((string, int[])[])[("0.weight", [5, 6]), ("0.bias", [5]), ("2.weight", [3, 5]), ("2.bias", [3])])
            yield return (name, "F32", shape, _files.Reals(shape.Aggregate(1, (size, length) => size * length)));
    }

    private Task<Invocation> Run(string weights, params string[] options) => Invocation.Of(
        new TorchReplicaFactory(),
        [
            "estimate", "--model", _files.PathOf("model.json"), "--weights", weights, "--data", _files.PathOf("data.safetensors"), "--json", "--device", "cpu", "--workers", "2",
            "--probes", "12", "--probe-space", "parameter", .. options.Contains("--log-level") ? options : [.. options, "--quiet"],
        ]);

    private static JsonElement[] Rows(Invocation run) => [.. run.Json.GetProperty("rows").EnumerateArray()];

    private static string Bits(JsonElement of) =>
        string.Join(';', ((string[])["trace", "standardError", "confidence", "probes"]).Select(name => of.GetProperty(name).GetRawText()));
}
