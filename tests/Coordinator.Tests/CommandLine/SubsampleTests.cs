using System.Text.Json;
using ActorHutch.Fakes;
using ActorHutch.GpuWorker.Replicas;

namespace ActorHutch.Coordinator.Tests.CommandLine;

/// <summary>The trace of a data set from random shards of it: forty samples, in shards of one.</summary>
public sealed class SubsampleTests : IDisposable
{
    private readonly ModelFiles _files = new();

    [Fact]
    public async Task It_stops_where_the_interval_is_narrow_enough_with_the_same_bits_for_any_number_of_workers()
    {
        string? expected = null;
        foreach (string workers in (string[])["1", "2", "3"])
        {
            var run = await Run("--relative-error", "0.5", "--workers", workers, "--json");

            Assert.Equal((0, "subsample", "targetReached"), (run.Code, Text(run, "kind"), Text(run, "stopReason")));
            var part = run.Json.GetProperty("part");
            Assert.InRange(part.GetProperty("samples").GetInt64(), 30, 39);
            Assert.Equal((40, 40), (part.GetProperty("ofSamples").GetInt32(), part.GetProperty("ofShards").GetInt32()));
            Assert.Equal(JsonValueKind.Null, run.Json.GetProperty("exactTrace").ValueKind);
            string bits = $"{Number(run, "trace"):R} {Number(run, "standardError"):R} {Number(run, "probes")} {run.Json.GetProperty("blocks").GetRawText()}";
            expected ??= bits;
            Assert.Equal(expected, bits);
        }
    }

    /// <summary>Of all samples it is an estimate as any other: within five standard errors.</summary>
    [Fact]
    public async Task All_samples_are_taken_where_they_are_needed()
    {
        var run = await Run("--relative-error", "0.001", "--probes", "50", "--json");
        var exact = await Invocation.Of(new TorchReplicaFactory(), ["exact", .. _files.Options, "--json"]);

        Assert.Equal((0, "completed"), (run.Code, Text(run, "stopReason")));
        Assert.Equal(40, run.Json.GetProperty("part").GetProperty("samples").GetInt32());
        double off = Math.Abs(Number(exact, "trace") - Number(run, "trace"));
        Assert.True(off <= 5 * Number(run, "standardError"), $"{off} with a standard error of {Number(run, "standardError")}");
    }

    [Fact]
    public async Task People_see_how_much_was_seen()
    {
        var run = await Run("--relative-error", "0.5", "--workers", "1");

        Assert.Matches(@"probes +at most 40 shards of the samples, 2 Rademacher probes of each in\s+(prediction|output) space, seed\s+0", run.Out);
        Assert.Matches(@"trace .*\(standard error, 3\d shards\)", run.Out);
        Assert.Matches(@"seen +3\d of 40 samples, for the trace of all of them", run.Out);
        Assert.Matches(@"within 50.0 % of the trace, after 3\d\s+shards", run.Out);
    }

    [Fact]
    public async Task A_report_has_a_page_with_the_curve()
    {
        using var folder = new TemporaryFolder();
        var run = await Run("--relative-error", "0.5", "--out", folder.File("report"), "--quiet");

        Assert.Equal(0, run.Code);
        Assert.Contains("shards seen", await File.ReadAllTextAsync(folder.File("report/convergence.svg"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--probes 1", "--probes 1: must be between 2 and 1000000 with subsample: those of a shard, which tell how much they vary")]
    [InlineData("--v-batch 5", "--v-batch")]
    public async Task What_it_does_not_take_is_said(string options, string message)
    {
        var run = await Run(options.Split(' '));

        Assert.Equal(2, run.Code);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _files.Dispose();

    private Task<Invocation> Run(params string[] options) =>
        Invocation.Of(new TorchReplicaFactory(), ["subsample", .. _files.Options, "--shard", "1", .. options]);

    private static string? Text(Invocation run, string name) => run.Json.GetProperty(name).GetString();

    private static double Number(Invocation run, string name) => run.Json.GetProperty(name).GetDouble();
}
