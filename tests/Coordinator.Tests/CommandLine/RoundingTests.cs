using System.Text.Json;
using ActorHutch.Curvature;
using ActorHutch.Fakes;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Tests.CommandLine;

/// <summary>What the program says of the rounding error of single precision, and does about it.</summary>
public sealed class RoundingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_is_in_the_interval_and_in_the_document()
    {
        var without = (await Invocation.Of("--json", "--probes", "400")).Json;
        var with = (await Invocation.Of(new FakeReplicaFactory { Rounding = 0.3 }, ["--json", "--probes", "400"])).Json;

        // All probes are off by the same, so the bound is that.
        Assert.Equal(0.3, Rounding(with, "bound").GetDouble(), 1e-9);
        Assert.Equal(0.3, Rounding(with, "bias").GetDouble(), 1e-9);
        Assert.Equal(8, Rounding(with, "probes").GetInt32());
        Assert.True(Rounding(with, "needsFloat64").GetBoolean());
        Assert.Equal(JsonValueKind.Null, Rounding(with, "problem").ValueKind);
        Assert.Equal(0.3, with.GetProperty("blocks")[0].GetProperty("roundingBound").GetDouble(), 1e-9);
        Assert.Equal(0, with.GetProperty("blocks")[1].GetProperty("roundingBound").GetDouble());
        Assert.Equal(without.GetProperty("trace").GetDouble() + 0.3, with.GetProperty("trace").GetDouble(), 1e-9);
        Assert.Equal(Width(without) + 2 * 0.3, Width(with), 1e-9);
        Assert.False(Rounding(without, "needsFloat64").GetBoolean());
        Assert.Equal(0, Rounding(without, "bound").GetDouble());
        Assert.Equal(400, with.GetProperty("workers").EnumerateArray().Sum(worker => worker.GetProperty("probes").GetInt64()));
        Assert.Equal(8, with.GetProperty("chunks").GetProperty("completed").GetInt64());
    }

    [Fact]
    public async Task People_are_told_and_told_what_to_do_and_the_exact_trace_is_computed_without_it()
    {
        var run = await Invocation.Of(new FakeReplicaFactory { Rounding = 0.3 }, []);

        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.Matches(@"float32 +rounding error below 0\.30, which is 2\.4 % of the trace", run.Out);
        Assert.Matches(@"exact +12\.0000 +\(in float64, \d+\.\d standard errors away\)", run.Out);
        Assert.Contains("(--dtype float64)", run.Out, StringComparison.Ordinal);
        Assert.All(run.Out.Split('\n'), line => Assert.True(line.Length <= 80, line));
        Assert.DoesNotContain("--dtype float64", (await Invocation.Of()).Out, StringComparison.Ordinal);
        Assert.DoesNotContain("float32 ", (await Invocation.Of("--dtype", "float64")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exact_trace_has_the_digits_that_rounding_leaves_it()
    {
        var off = await Invocation.Of(new FakeReplicaFactory { Rounding = 0.003 }, ["exact"]);
        var exact = await Invocation.Of("exact");

        Assert.Matches(@"trace +12\.0030 +\(exact but for rounding\)", off.Out);
        Assert.Matches(@"float32 +rounding error below 0\.0030, which is 0\.025 % of the trace", off.Out);
        Assert.Matches(@"trace +12\.000000 +\(exact\)", exact.Out);
    }

    [Fact]
    public async Task A_target_that_it_exceeds_ends_the_job_at_once_and_nothing_says_that_it_was_reached()
    {
        var factory = new FakeReplicaFactory { Rounding = 0.3 };
        string[] line = ["--relative-error", "0.02"];

        var text = await Invocation.Of(factory, line);
        var json = await Invocation.Of(factory, [.. line, "--json"]);

        Assert.Equal((3, 3), (text.Code, json.Code));
        Assert.Contains("The rounding error of float32 is up to 2.4 % of the trace, and 2.00 % is asked for: use --dtype float64.", text.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("within", text.Out, StringComparison.Ordinal);
        Assert.Equal("imprecise", json.Json.GetProperty("stopReason").GetString());
        Assert.Equal(50, json.Json.GetProperty("probes").GetInt64());
        // What the message recommends.
        var recommended = await Invocation.Of(factory, [.. line, "--json", "--dtype", "float64"]);
        Assert.Equal((0, "targetReached"), (recommended.Code, recommended.Json.GetProperty("stopReason").GetString()));
        // A larger target is reached by more probes than it would take without.
        var larger = (await Invocation.Of(factory, ["--relative-error", "0.03", "--json", "--v-batch", "10"])).Json;
        Assert.Equal("targetReached", larger.GetProperty("stopReason").GetString());
        Assert.True(Width(larger) / 2 <= 0.03 * larger.GetProperty("trace").GetDouble());
        Assert.True(larger.GetProperty("probes").GetInt64() > 30);
    }

    [Theory]
    [InlineData(0.3, "", "float64")]
    [InlineData(0.3, "--relative-error 0.02", "float64")]
    [InlineData(0.0001, "", "float32")]
    [InlineData(0.0001, "--relative-error 0.02", "float32")]
    [InlineData(0.003, "exact", "float64")]
    [InlineData(0.0003, "exact", "float32")]
    public async Task Left_to_the_program_the_number_type_is_the_one_that_it_takes(double rounding, string line, string dtype)
    {
        var factory = new FakeReplicaFactory { Rounding = rounding };
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

        var run = await Invocation.Of(factory, [.. words, "--dtype", "auto", "--json"]);

        Assert.Equal((0, dtype), (run.Code, run.Json.GetProperty("dtype").GetString()));
        // The job that is in the report is the one that was computed, to the last bit.
        Assert.Equal(dtype, run.Json.GetProperty("job").GetProperty("dtype").GetString());
        string report = _folder.Write("report.json", run.Out);
        var again = await Invocation.Of(factory, ["--job", report, "--json"]);
        foreach (string name in (string[])["trace", "confidence", "blocks", "stopReason", "probes"])
            Assert.Equal(run.Json.GetProperty(name).GetRawText(), again.Json.GetProperty(name).GetRawText());
        Assert.Equal(dtype == "float64", run.Error.Contains("It is computed again in float64.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_job_file_leaves_it_to_the_program_too()
    {
        var printed = await Invocation.Of("--print-job", "--dtype", "auto", "--rounding-probes", "5");

        Assert.Equal(("auto", 5), (printed.Json.GetProperty("dtype").GetString(), printed.Json.GetProperty("roundingProbes").GetInt32()));
        string file = _folder.Write("job.json", printed.Out);
        Assert.Equal(printed.Out, (await Invocation.Of("--print-job", "--job", file)).Out);
        Assert.Equal("float32", (await Invocation.Of("--print-job", "--job", file, "--dtype", "float32")).Json.GetProperty("dtype").GetString());
        var run = await Invocation.Of(new FakeReplicaFactory { Rounding = 0.3 }, ["--job", file, "--json"]);
        Assert.Equal("float64", run.Json.GetProperty("dtype").GetString());
    }

    [Fact]
    public async Task What_was_found_is_kept_and_found_again()
    {
        int created = 0;
        var factory = new FakeReplicaFactory { Rounding = 0.3, OnCreate = _ => Interlocked.Increment(ref created) };
        string[] line = ["--json", "--probes", "400", "--state", _folder.File("kept")];

        var first = await Invocation.Of(factory, line);
        int replicas = created;
        var again = await Invocation.Of(factory, line);

        foreach (string name in (string[])["confidence", "rounding", "blocks"])
            Assert.Equal(first.Json.GetProperty(name).GetRawText(), again.Json.GetProperty(name).GetRawText());
        Assert.True(replicas >= 2);
        Assert.Equal(0, again.Code);

        // And one that is left to the program goes the same way: by what single precision left in the directory.
        line = ["--json", "--probes", "400", "--dtype", "auto", "--state", _folder.File("auto")];
        first = await Invocation.Of(factory, line);
        again = await Invocation.Of(factory, line);
        Assert.Equal("float64", again.Json.GetProperty("dtype").GetString());
        Assert.Equal(first.Json.GetProperty("confidence").GetRawText(), again.Json.GetProperty("confidence").GetRawText());
    }

    [Theory]
    [InlineData("")]
    [InlineData("--relative-error 0.02")]
    public async Task A_model_that_cannot_be_had_in_double_precision_is_estimated_and_that_is_said(string options)
    {
        var factory = new FakeReplicaFactory
        {
            Rounding = 0.1,
            OnCreate = key =>
            {
                if (key.Dtype == Dtype.Float64) throw new CurvatureException("expected Float but found Double");
            },
        };
        string[] line = options.Split(' ', StringSplitOptions.RemoveEmptyEntries);

        var text = await Invocation.Of(factory, line);
        var json = await Invocation.Of(factory, [.. line, "--json"]);

        Assert.Equal((0, 0), (text.Code, json.Code));
        Assert.Contains("rounding error not known: expected Float but found Double", text.Out, StringComparison.Ordinal);
        Assert.Contains("WRN", text.Error, StringComparison.Ordinal);
        Assert.Equal("expected Float but found Double", Rounding(json.Json, "problem").GetString());
        Assert.Equal(JsonValueKind.Null, Rounding(json.Json, "bound").ValueKind);
        if (options.Length > 0)
            Assert.Contains("is not known, and not in it", text.Out.ReplaceLineEndings(" ").Replace("            ", ""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_wants_no_part_of_it_computes_nothing_in_double_precision()
    {
        var factory = new FakeReplicaFactory { Rounding = 0.3 };

        var run = await Invocation.Of(factory, ["--json", "--rounding-probes", "0"]);

        Assert.Equal(JsonValueKind.Null, run.Json.GetProperty("rounding").ValueKind);
        Assert.DoesNotContain(factory.Created, replica => replica.Key.Dtype == Dtype.Float64);
    }

    [Theory]
    [InlineData("")]
    [InlineData("--relative-error 0.03")]
    [InlineData("--dtype auto")]
    public async Task The_number_of_workers_does_not_show_in_a_single_bit(string options)
    {
        var documents = new List<JsonElement>();
        foreach (string workers in (string[])["1", "2", "3"])
        {
            documents.Add((await Invocation.Of(
                new FakeReplicaFactory { Rounding = 0.2 },
                ["--json", "--probes", "499", "--v-batch", "7", "--workers", workers, .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)])).Json);
        }

        foreach (string name in (string[])["trace", "confidence", "probes", "blocks", "stopReason", "dtype"])
            Assert.Single(documents.Select(json => json.GetProperty(name).GetRawText()).Distinct());
        Assert.Single(documents.Select(json => json.GetProperty("rounding") is { ValueKind: JsonValueKind.Object } known ? known.GetProperty("bound").GetRawText() : "").Distinct());
    }

    [Fact]
    public async Task Comparisons_of_jobs_tell_that_of_the_exact_trace()
    {
        var factory = new FakeReplicaFactory { Rounding = 0.003 };
        foreach (string[] line in (string[][])[["compare", "--probes", "20"], ["accuracy", "--seeds", "2", "--to", "30", "--steps", "2", "--out", _folder.File("accuracy")]])
        {
            Assert.Contains("rounding error below 0.0030", (await Invocation.Of(factory, line)).Out, StringComparison.Ordinal);
            Assert.Equal(0.003, Rounding((await Invocation.Of(factory, [.. line, "--json"])).Json, "bound").GetDouble(), 1e-9);
        }
    }

    [Theory]
    [InlineData("0.5", "50 %")]
    [InlineData("0.999", "99.9 %")]
    public async Task A_confidence_level_is_the_intervals_everywhere(string level, string shown)
    {
        string[] line = ["--confidence-level", level, "--probes", "200"];
        var usual = (await Invocation.Of("--json", "--probes", "200")).Json;

        var json = (await Invocation.Of([.. line, "--json", "--out", _folder.File("out")])).Json;

        Assert.Equal(double.Parse(level, System.Globalization.CultureInfo.InvariantCulture), json.GetProperty("confidence").GetProperty("level").GetDouble());
        Assert.Equal(usual.GetProperty("trace").GetRawText(), json.GetProperty("trace").GetRawText());
        // Student's t at 199 degrees of freedom: 1.972 at 95 %, 0.676 at 50 %, 3.340 at 99.9 %.
        Assert.Equal((level == "0.5" ? 0.676 : 3.340) / 1.972, Width(json) / Width(usual), 2e-3);
        Assert.Contains($"\n  {shown} ", (await Invocation.Of(line)).Out, StringComparison.Ordinal);
        Assert.Contains($"{shown} interval", File.ReadAllText(Path.Combine(_folder.File("out"), "report.html")), StringComparison.Ordinal);
        Assert.Equal(level, json.GetProperty("job").GetProperty("confidenceLevel").GetRawText());
    }

    [Fact]
    public async Task A_level_too_long_for_its_place_stands_beside_the_interval()
    {
        Assert.Matches(@"within +\d.* to .* \(99\.999 %\)", (await Invocation.Of("--confidence-level", "0.99999")).Out);
        Assert.Equal(2, (await Invocation.Of("--confidence-level", "1")).Code);
        Assert.Equal(2, (await Invocation.Of("exact", "--confidence-level", "0")).Code);
    }

    private static JsonElement Rounding(JsonElement report, string name) => report.GetProperty("rounding").GetProperty(name);

    private static double Width(JsonElement report) => report.GetProperty("confidence").GetProperty("high").GetDouble()
        - report.GetProperty("confidence").GetProperty("low").GetDouble();
}
