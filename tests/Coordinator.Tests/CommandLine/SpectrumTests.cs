using System.Text.Json;
using ActorHutch.Coordinator.Tests.Reports;
using ActorHutch.GpuWorker.Replicas;

namespace ActorHutch.Coordinator.Tests.CommandLine;

/// <summary>The density of the eigenvalues of BackPACK's example.</summary>
public sealed class SpectrumTests
{
    private const double Trace = 12.45500893244757;

    [Fact]
    public async Task The_number_of_workers_does_not_show_in_a_single_bit()
    {
        string? expected = null;
        foreach (string workers in (string[])["1", "2"])
        {
            var run = await Run("--workers", workers, "--json", "--probes", "5", "--lanczos-steps", "12");

            Assert.Equal((0, "spectrum", "full", "parameter"), (run.Code, Text(run, "kind"), Text(run, "structure"), Text(run, "probeSpace")));
            var spectrum = run.Json.GetProperty("spectrum");
            string bits = $"{run.Json.GetProperty("trace").GetRawText()} {spectrum.GetRawText()}";
            expected ??= bits;
            Assert.Equal(expected, bits);
            Assert.Equal((5, 12, 400), (run.Json.GetProperty("probes").GetInt32(), spectrum.GetProperty("lanczosSteps").GetInt32(), spectrum.GetProperty("curve").GetArrayLength()));
            Assert.Equal(JsonValueKind.Null, run.Json.GetProperty("exactTrace").ValueKind);
            double error = run.Json.GetProperty("standardError").GetDouble();
            Assert.InRange(run.Json.GetProperty("trace").GetDouble(), Trace - 8 * error, Trace + 8 * error);
        }
    }

    [Fact]
    public async Task A_report_has_nodes_a_curve_and_a_picture()
    {
        using var folder = new TemporaryFolder();
        var run = await Run("--probes", "2", "--lanczos-steps", "5", "--out", folder.File("report"));

        Assert.Equal(0, run.Code);
        Assert.Matches(@"The spectrum of the Hessian of mnist-example", run.Out);
        Assert.Matches(@"probes +2 Rademacher probes, a Lanczos run of 5 steps each, V_batch 1,\s+seed\s+0", run.Out);
        Assert.Matches(@"range +−?-?\d", run.Out);
        Assert.Matches(@"below 0 +\d", run.Out);
        string[] nodes = await File.ReadAllLinesAsync(folder.File("report/nodes.csv"), TestContext.Current.CancellationToken);
        Assert.Equal("probe,node,weight", nodes[0]);
        Assert.Equal(1 + 2 * 5, nodes.Length);
        Assert.Equal(401, (await File.ReadAllLinesAsync(folder.File("report/spectrum.csv"), TestContext.Current.CancellationToken)).Length);
        Assert.Contains("eigenvalue", await File.ReadAllTextAsync(folder.File("report/spectrum.svg"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Contains("The spectrum of the Hessian", await File.ReadAllTextAsync(folder.File("report/report.html"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_blocks_each_has_a_spectrum()
    {
        using var folder = new TemporaryFolder();
        var run = await Run("--structure", "block", "--probes", "3", "--lanczos-steps", "4", "--json", "--out", folder.File("report"));

        Assert.Equal(0, run.Code);
        Assert.Empty(JsonSchemaCheck.Problems(JsonSchemaCheck.Read("report.schema.json"), run.Json));
        var blocks = run.Json.GetProperty("spectrum").GetProperty("blocks").EnumerateArray().ToArray();
        Assert.Equal(["1.weight", "3.weight"], blocks.Select(block => block.GetProperty("name").GetString()!));
        Assert.Equal(
            run.Json.GetProperty("spectrum").GetProperty("greatest").GetDouble(), blocks.Max(block => block.GetProperty("greatest").GetDouble()));
        double squares = blocks.Sum(block => block.GetProperty("squaredNorm").GetProperty("value").GetDouble());
        Assert.Equal(run.Json.GetProperty("spectrum").GetProperty("squaredNorm").GetProperty("value").GetDouble(), squares, 1e-9 * squares);
        Assert.Equal(2, run.Json.GetProperty("blocks").GetArrayLength());
        string[] nodes = await File.ReadAllLinesAsync(folder.File("report/nodes.csv"), TestContext.Current.CancellationToken);
        Assert.Equal("probe,block,node,weight", nodes[0]);
        Assert.Equal(1 + 3 * 2 * 4, nodes.Length);
        string[] curve = await File.ReadAllLinesAsync(folder.File("report/spectrum.csv"), TestContext.Current.CancellationToken);
        Assert.Equal(["block,eigenvalue,density,below,below_low,below_high", "", "1.weight", "3.weight"], [curve[0], .. curve.Skip(1).Select(line => line.Split(',')[0]).Distinct()]);
        Assert.Contains("The eigenvalues of each block", await File.ReadAllTextAsync(folder.File("report/report.html"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.True(File.Exists(folder.File("report/spectrum-blocks.svg")));
    }

    [Fact]
    public async Task A_finished_job_says_the_same_again()
    {
        using var folder = new TemporaryFolder();
        string[] options = ["--lanczos-steps", "6", "--json", "--workers", "1"];
        var whole = await Run([.. options, "--probes", "6"]);
        var first = await Run([.. options, "--probes", "6", "--state", folder.File("state")]);
        var again = await Run([.. options, "--probes", "6", "--state", folder.File("state")]);

        Assert.Equal(whole.Json.GetProperty("spectrum").GetRawText(), first.Json.GetProperty("spectrum").GetRawText());
        Assert.Equal(whole.Json.GetProperty("spectrum").GetRawText(), again.Json.GetProperty("spectrum").GetRawText());
    }

    [Theory]
    [InlineData("--lanczos-steps 0", "--lanczos-steps 0: must be between 1 and 1000")]
    [InlineData("--lanczos-steps many", "--lanczos-steps many")]
    [InlineData("--relative-error 0.1", "--relative-error")]
    [InlineData("--probe-space output", "--probe-space")]
    public async Task What_it_does_not_take_is_said(string options, string message)
    {
        var run = await Run(options.Split(' '));

        Assert.Equal(2, run.Code);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
    }

    private static Task<Invocation> Run(params string[] options) => Invocation.Of(new TorchReplicaFactory(), ["spectrum", .. options]);

    private static string? Text(Invocation run, string name) => run.Json.GetProperty(name).GetString();
}
