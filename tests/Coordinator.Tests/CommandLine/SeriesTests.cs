using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Coordinator.Tests.Reports;
using ActorHutch.Fakes;
using ActorHutch.GpuWorker.Replicas;

namespace ActorHutch.Coordinator.Tests.CommandLine;

/// <summary>Several checkpoints in the place of one file of weights.</summary>
public sealed class SeriesTests : IDisposable
{
    private static readonly string[] Common = ["--json", "--device", "cpu", "--workers", "2", "--probes", "12", "--probe-space", "parameter", "--dtype", "float64", "--quiet"];

    private readonly ModelFiles _files = new();
    private readonly TemporaryFolder _folder = new();

    public SeriesTests()
    {
        foreach (int step in (int[])[9, 10, 200]) WriteCheckpoint($"step-{step}", 1 + 0.1f * step % 1.7f);
    }

    private string Pattern => _files.PathOf("step-*.safetensors");

    public void Dispose()
    {
        _folder.Dispose();
        _files.Dispose();
    }

    [Theory]
    [InlineData("estimate")]
    [InlineData("exact")]
    [InlineData("estimate --structure full")]
    public async Task Each_row_has_the_bits_of_a_job_of_its_own(string command)
    {
        var series = await Run(command, Pattern);

        Assert.Equal((0, "series"), (series.Code, series.Json.GetProperty("kind").GetString()));
        Assert.Empty(JsonSchemaCheck.Problems(JsonSchemaCheck.Read("series.schema.json"), series.Json));
        var rows = Rows(series);
        Assert.Equal([9L, 10L, 200L], rows.Select(row => row.GetProperty("step").GetInt64()));
        foreach (var row in rows)
        {
            var alone = await Run(command, row.GetProperty("file").GetString()!);
            foreach (string name in (string[])["trace", "standardError", "confidence", "probes", "blocks"])
                Assert.Equal(Figures(alone.Json.GetProperty(name)), Figures(row.GetProperty(name)));
        }

        Assert.NotEqual(rows[0].GetProperty("trace").GetDouble(), rows[1].GetProperty("trace").GetDouble());
    }

    /// <summary>Against the probes' values as each job's report has them.</summary>
    [Fact]
    public async Task A_change_has_the_error_of_the_differences_probe_by_probe()
    {
        var rows = Rows(await Run("estimate", Pattern));

        Assert.Equal(JsonValueKind.Null, rows[0].GetProperty("change").ValueKind);
        double[][] probes = [await Probes(9), await Probes(10)];
        double[] differences = [.. probes[0].Zip(probes[1], (before, after) => after - before)];
        double mean = differences.Average(), variance = differences.Sum(value => (value - mean) * (value - mean)) / (differences.Length - 1);
        var change = rows[1].GetProperty("change");
        Assert.Equal(12, differences.Length);
        Assert.Equal(mean, change.GetProperty("value").GetDouble(), 1e-12 * Math.Abs(mean));
        Assert.Equal(Math.Sqrt(variance / 12), change.GetProperty("standardError").GetDouble(), 1e-12);

        async Task<double[]> Probes(int step)
        {
            string report = _folder.File($"report-{step}");
            Assert.Equal(0, (await Run("estimate", Checkpoint($"step-{step}"), "--out", report)).Code);
            string[][] lines = [.. (await File.ReadAllLinesAsync(Path.Combine(report, "probes.csv"), TestContext.Current.CancellationToken)).Select(line => line.Split(','))];
            int total = Array.IndexOf(lines[0], "total");
            return [.. lines.Skip(1).Select(line => double.Parse(line[total], CultureInfo.InvariantCulture))];
        }
    }

    [Fact]
    public async Task Few_probes_do_not_tell_the_error_of_a_change_and_exact_traces_have_none()
    {
        var few = Rows(await Run("estimate", Pattern, "--probes", "7"))[1].GetProperty("change");
        var exact = Rows(await Run("exact", Pattern))[1].GetProperty("change");

        Assert.Equal(JsonValueKind.Null, few.GetProperty("standardError").ValueKind);
        Assert.Equal(0, exact.GetProperty("standardError").GetDouble());
    }

    [Fact]
    public async Task A_series_that_has_grown_goes_on_from_its_state()
    {
        string state = _folder.File("state");
        var first = await Run("estimate", $"{Checkpoint("step-9")},{Checkpoint("step-10")}", "--state", state);
        var whole = await Run("estimate", Pattern);

        var grown = await Invocation.Of(
            new TorchReplicaFactory(), ["estimate", .. Options(Pattern), .. Common.Except(["--quiet"]), "--log-level", "information", "--state", state]);

        Assert.Equal((0, 0), (first.Code, grown.Code));
        Assert.Equal(Rows(whole).Select(Figures), Rows(grown).Select(Figures));
        Assert.Equal(2, grown.ErrorLines.Count(line => line.Contains("in the state directory", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_series_of_more_probes_goes_on_from_each_checkpoints_own()
    {
        string state = _folder.File("state");
        Assert.Equal(0, (await Run("estimate", Pattern, "--probes", "8", "--v-batch", "4", "--state", state)).Code);

        var extended = await Invocation.Of(
            new TorchReplicaFactory(),
            ["estimate", .. Options(Pattern), .. Common.Except(["--quiet"]), "--v-batch", "4", "--log-level", "information", "--state", state]);

        Assert.Equal(Rows(await Run("estimate", Pattern, "--v-batch", "4")).Select(Figures), Rows(extended).Select(Figures));
        Assert.Equal(3, extended.ErrorLines.Count(line => line.Contains("2 of 3 chunks were in the state directory", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task One_that_diverged_is_a_row_with_an_error_and_the_others_are_computed()
    {
        WriteCheckpoint("step-50", float.NaN);

        var series = await Run("estimate", Pattern);

        Assert.Equal(3, series.Code);
        Assert.Empty(JsonSchemaCheck.Problems(JsonSchemaCheck.Read("series.schema.json"), series.Json));
        var rows = Rows(series);
        Assert.Equal([9, 10, 50, 200], rows.Select(row => row.GetProperty("step").GetInt32()));
        Assert.Equal(JsonValueKind.Null, rows[2].GetProperty("trace").ValueKind);
        Assert.NotEqual("", rows[2].GetProperty("error").GetString());
        Assert.Equal(
            rows[3].GetProperty("trace").GetDouble() - rows[1].GetProperty("trace").GetDouble(), rows[3].GetProperty("change").GetProperty("value").GetDouble());
    }

    [Fact]
    public async Task Without_a_page_it_writes_the_tables()
    {
        string report = _folder.File("report");

        Assert.Equal(0, (await Run("estimate", Pattern, "--out", report, "--no-page")).Code);

        Assert.Equal(["blocks.csv", "series.csv", "series.json"], Directory.GetFiles(report).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task It_writes_a_page_a_picture_and_tables()
    {
        string report = _folder.File("report");
        var run = await Invocation.Of(
            new TorchReplicaFactory(), ["estimate", .. Options(Pattern), .. Common.Except(["--json", "--quiet"]), "--out", report]);

        Assert.Equal(0, run.Code);
        Assert.Contains("The trace of the Hessian along training", run.Out, StringComparison.Ordinal);
        Assert.Matches(@"step-200\.safetensors +-?\d", run.Out);
        string[] lines = await File.ReadAllLinesAsync(Path.Combine(report, "series.csv"), TestContext.Current.CancellationToken);
        Assert.Equal("checkpoint,step,trace,standard_error,low,high,probes,change,change_standard_error", lines[0]);
        Assert.Equal(4, lines.Length);
        Assert.Equal(1 + 3 * 4, (await File.ReadAllLinesAsync(Path.Combine(report, "blocks.csv"), TestContext.Current.CancellationToken)).Length);
        Assert.Contains("step", await File.ReadAllTextAsync(Path.Combine(report, "series.svg"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        var again = await Invocation.Of(
            new TorchReplicaFactory(), ["estimate", "--job", Path.Combine(report, "series.json"), "--json"]);
        Assert.Equal(Rows(await Run("estimate", Pattern)).Select(Figures), Rows(again).Select(Figures));
    }

    [Theory]
    [InlineData("estimate", "none-*.safetensors", "must be files that are there: none has such a name")]
    [InlineData("estimate", "step-9.safetensors,gone.safetensors", "gone.safetensors: must be a file that can be read")]
    [InlineData("eigenvalues", "step-*.safetensors", "must be one file with actorhutch eigenvalues: series are of traces")]
    [InlineData("estimate --dashboard 127.0.0.1:0", "step-*.safetensors", "cannot show a series")]
    public async Task What_is_wrong_is_said_before_anything_is_computed(string command, string names, string message)
    {
        string weights = string.Join(',', names.Split(',').Select(_files.PathOf));

        var run = await Invocation.Of([.. command.Split(' '), .. Options(weights), "--json"]);

        Assert.Equal(2, run.Code);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Patterns_are_of_files_and_folders_and_ordered_by_their_numbers()
    {
        foreach (string folder in (string[])["run-2", "run-10", ".hidden-3"])
        {
            Directory.CreateDirectory(_folder.File(folder));
            File.WriteAllText(_folder.File($"{folder}/model.safetensors"), "");
        }

        File.WriteAllText(_folder.File("a,b.safetensors"), "");

        Assert.Equal(
            [_folder.File("run-2/model.safetensors"), _folder.File("run-10/model.safetensors")], Checkpoints.Of(_folder.File("*-*/model.safetensors"))!);
        Assert.Equal([_folder.File("run-10/model.safetensors")], Checkpoints.Of(_folder.File("run-??/*.safetensors"))!);
        Assert.Equal(["x", "y z"], Checkpoints.Of("x, y z")!);
        Assert.Null(Checkpoints.Of(_folder.File("a,b.safetensors")));
        Assert.Null(Checkpoints.Of("one.safetensors"));
        Assert.Equal((12L, 7L, null), (Checkpoints.StepOf("run-7/step_12.safetensors"), Checkpoints.StepOf("run-7/model.safetensors"), Checkpoints.StepOf("model")));
    }

    private Task<Invocation> Run(string command, string weights, params string[] options) => Invocation.Of(
        new TorchReplicaFactory(), [.. command.Split(' '), .. Options(weights), .. command.StartsWith("exact", StringComparison.Ordinal) ? Common.Except(["--probes", "12"]) : options.Contains("--probes") ? Common.Except(["--probes", "12"]) : Common, .. options]);

    private string[] Options(string weights) => ["--model", _files.PathOf("model.json"), "--weights", weights, "--data", _files.PathOf("data.safetensors")];

    private string Checkpoint(string name) => _files.PathOf(name + ".safetensors");

    /// <summary>The weights of the model, all alike but for their size.</summary>
    private void WriteCheckpoint(string name, float scale)
    {
        (string Name, int[] Shape)[] parameters = [("0.weight", [5, 6]), ("0.bias", [5]), ("2.weight", [3, 5]), ("2.bias", [3])];
        _files.Write(name + ".safetensors", [.. parameters.Select(parameter =>
        {
            float[] values = [.. Enumerable.Range(0, parameter.Shape.Aggregate(1, (size, length) => size * length)).Select(i => scale * MathF.Sin(3 * i + parameter.Name.Length))];
            return (parameter.Name, "F32", parameter.Shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
        })]);
    }

    private static JsonElement[] Rows(Invocation run) => [.. run.Json.GetProperty("rows").EnumerateArray()];

    /// <summary>All but the times, and what only a job of its own has.</summary>
    private static string Figures(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => string.Join(';', value.EnumerateObject().Where(property => property.Name is not ("elapsedSeconds" or "exactTrace" or "roundingBound"))
            .Select(property => $"{property.Name}={Figures(property.Value)}")),
        JsonValueKind.Array => string.Join('|', value.EnumerateArray().Select(Figures)),
        _ => value.GetRawText(),
    };
}
