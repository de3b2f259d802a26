using System.Text.Json;
using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Operators;
using ActorHutch.Fakes;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Tests.CommandLine;

/// <summary><c>--job</c> and <c>--print-job</c>.</summary>
public sealed class JobFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_printed_job_holds_all_that_the_options_said_and_prints_the_same_again()
    {
        var printed = await Invocation.Of(
            "--print-job", "--probes", "95", "--v-batch", "10", "--seed", "18446744073709551615", "--workers", "2",
            "--method", "hmp", "--matrix", "ggn", "--structure", "full", "--distribution", "gaussian", "--dtype", "float64",
            "--threads", "3", "--relative-error", "0.125", "--memory-budget", "1.5MiB", "--device", "cpu");

        Assert.Equal((0, ""), (printed.Code, printed.Error));
        Assert.Equal(
            """{"kind":"estimate","model":"mnist-example","matrix":"ggn","structure":"full","method":"hmp","probeSpace":"parameter","distribution":"gaussian","probes":95,"vBatch":10,"seed":18446744073709551615,"dtype":"float64","relativeError":0.125,"confidenceLevel":0.95,"device":"cpu","workers":2,"threads":3,"memoryBudget":1572864}""",
            JsonSerializer.Serialize(printed.Json));
        Assert.Equal(printed.Out, (await Invocation.Of("--print-job", "--job", Write(printed.Out))).Out);
    }

    [Fact]
    public async Task Names_are_printed_as_they_are_written()
    {
        var printed = await Invocation.Of("--print-job", "--state", "größe Δ/状態");

        Assert.Contains("\"state\": \"größe Δ/状態\"", printed.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--scale 1/255 --ignore-index -100 --micro-batch all", """ "scale":"1/255","microBatch":"all","ignoreIndex":-100""")]
    [InlineData("--scale 0.50 --ignore-index 255 --micro-batch 1e3", """ "scale":"0.5","microBatch":1000,"ignoreIndex":255""")]
    [InlineData("--micro-batch auto", "")]
    public async Task What_is_made_of_samples_is_printed_and_read_again(string options, string fields)
    {
        using var files = new ModelFiles();
        var printed = await Invocation.Of(["--print-job", .. files.Options, .. options.Split(' ')]);

        Assert.Equal((0, ""), (printed.Code, printed.Error));
        string[] names = ["scale", "microBatch", "ignoreIndex"];
        Assert.Equal(fields.Trim(), string.Join(',', printed.Json.EnumerateObject()
            .Where(field => names.Contains(field.Name)).Select(field => $"\"{field.Name}\":{field.Value.GetRawText()}")));
        string file = Write(printed.Out);
        Assert.Equal(printed.Out, (await Invocation.Of("--print-job", "--job", file)).Out);
        var changed = (await Invocation.Of("--print-job", "--job", file, "--micro-batch", "7", "--scale", "2", "--ignore-index", "-1")).Json;
        Assert.Equal((7, "2", -1), (changed.GetProperty("microBatch").GetInt64(), changed.GetProperty("scale").GetString(), changed.GetProperty("ignoreIndex").GetInt64()));
        Assert.False((await Invocation.Of("--print-job", "--job", file, "--micro-batch", "auto")).Json.TryGetProperty("microBatch", out _));
    }

    [Fact]
    public async Task What_is_wrong_with_what_is_made_of_samples_is_told()
    {
        using var files = new ModelFiles();
        var run = await Invocation.Of([.. files.Options, "--scale", "1/0", "--micro-batch", "some", "--ignore-index", "1", "--loss", "bce"]);
        var builtIn = await Invocation.Of("--scale", "1/255", "--ignore-index", "1");
        var none = await Invocation.Of([.. files.Options, "--micro-batch", "0"]);

        Assert.Equal((2, 2, 2), (run.Code, builtIn.Code, none.Code));
        Assert.Equal(
            [
                $"--scale 1/0: {Curvature.Data.Arrays.InputScale.Right}.", "--micro-batch some: must be a whole number, at least 1, or all, or auto.",
                "--ignore-index 1: must not be there with --loss bce: it is an argument of cross-entropy and nll.", "See actorhutch --help.",
            ], run.ErrorLines);
        Assert.Equal(
            [
                "--scale 1/255: needs your own --model: mnist-example has its own data and loss.",
                "--ignore-index 1: needs your own --model: mnist-example has its own data and loss.", "See actorhutch --help.",
            ], builtIn.ErrorLines);
        Assert.Equal("--micro-batch 0: must be at least 1, all or auto.", none.ErrorLines[0]);
    }

    [Fact]
    public async Task A_printed_job_holds_the_cluster_too_and_options_win_over_it()
    {
        var printed = await Invocation.Of(
            "--print-job", "--cluster", "--listen", "0.0.0.0:4100", "--advertise", "node-1:4100", "--seed-nodes", "a:1,[fd00::2]:2",
            "--join-timeout", "7.5", "--health", "127.0.0.1:8080", "--expose-metrics", "--min-workers", "3", "--verify-fraction", "0.25",
            "--insecure", "--state", "kept", "--json", "--log-level", "error");

        Assert.Equal((0, ""), (printed.Code, printed.Error));
        Assert.EndsWith(
            ""","cluster":true,"listen":"0.0.0.0:4100","advertise":"node-1:4100","seedNodes":["a:1","[fd00::2]:2"],"joinTimeout":7.5,"health":"127.0.0.1:8080","exposeMetrics":true,"insecure":true,"minWorkers":3,"verifyFraction":0.25,"state":"kept","json":true,"logLevel":"error"}""",
            JsonSerializer.Serialize(printed.Json), StringComparison.Ordinal);
        string file = Write(printed.Out);
        Assert.Equal(printed.Out, (await Invocation.Of("--print-job", "--job", file)).Out);
        var changed = (await Invocation.Of(
            "--print-job", "--job", file, "--min-workers", "1", "--insecure", "false", "--advertise", "127.0.0.1:1",
            "--listen", "127.0.0.1:1")).Json;
        Assert.Equal(1, changed.GetProperty("minWorkers").GetInt32());
        Assert.False(changed.TryGetProperty("insecure", out _));
        Assert.Equal(0, (await Invocation.Of("--job", file, "--cluster", "false", "--state", _folder.File("state"))).Code);
    }

    [Fact]
    public async Task What_a_file_says_of_a_cluster_without_asking_for_one_is_named()
    {
        var run = await Invocation.Of("--job", Write("""{ "minWorkers": 2, "listen": "127.0.0.1:1" }"""));

        Assert.Equal(2, run.Code);
        Assert.Contains("job.json: listen has no meaning without \"cluster\": true, or --cluster.", run.Error, StringComparison.Ordinal);
        Assert.Contains("job.json: minWorkers has no meaning", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_says_what_the_options_would()
    {
        string file = Write("""
            {
              // Notes are welcome.
              "probes": 120, "vBatch": 20, "seed": 4, "method": "hmp", "workers": 2,
            }
            """);

        var fromFile = await Invocation.Of("--json", "--job", file);
        var fromOptions = await Invocation.Of(
            "--json", "--probes", "120", "--v-batch", "20", "--seed", "4", "--method", "hmp", "--workers", "2");

        Assert.Equal((0, ""), (fromFile.Code, fromFile.Error));
        Assert.Equal(Result(fromOptions), Result(fromFile));
        Assert.Equal(fromOptions.Json.GetProperty("job").ToString(), fromFile.Json.GetProperty("job").ToString());
    }

    [Fact]
    public async Task Options_win_over_the_file_and_auto_does_too()
    {
        string file = Write("""{ "probes": 120, "seed": 4, "method": "hmp", "vBatch": 7, "dtype": "float64" }""");

        var job = (await Invocation.Of(
            "--print-job", "--job", file, "--probes", "60", "--method", "auto", "--v-batch", "auto", "--seed", "5")).Json;

        Assert.Equal(60, job.GetProperty("probes").GetInt64());
        Assert.Equal(5UL, job.GetProperty("seed").GetUInt64());
        Assert.False(job.TryGetProperty("method", out _));
        Assert.False(job.TryGetProperty("vBatch", out _));
        Assert.Equal("float64", job.GetProperty("dtype").GetString());
    }

    [Theory]
    [InlineData("--probes 70 --v-batch 20 --seed 9")]
    [InlineData("--relative-error 0.01 --v-batch 10")]
    [InlineData("exact --v-batch 3")]
    public async Task A_report_runs_again(string line)
    {
        var first = await Invocation.Of([.. line.Split(' '), "--json"]);

        var again = await Invocation.Of("--json", "--job", Write(first.Out));

        Assert.Equal(0, again.Code);
        Assert.Equal(Result(first), Result(again));
    }

    [Fact]
    public async Task An_exact_trace_in_a_file_is_one_without_the_command_too()
    {
        var printed = await Invocation.Of("exact", "--print-job");
        var run = await Invocation.Of("--json", "--job", Write(printed.Out));

        Assert.False(printed.Json.TryGetProperty("probeSpace", out _));
        Assert.Equal(("exact", FakeQuadraticForm.Trace), (run.Json.GetProperty("kind").GetString(), run.Json.GetProperty("trace").GetDouble()));
        Assert.Equal("estimate", (await Invocation.Of("estimate", "--json", "--job", Write(printed.Out))).Json.GetProperty("kind").GetString());
    }

    [Fact]
    public async Task Everything_wrong_with_a_file_is_listed_at_once_with_file_field_and_what_would_be_right()
    {
        string file = Write("""
            { "probs": 5, "probes": "many", "vBatch": 1.5, "matrix": "fisher", "structure": 3, "seed": -1,
              "relativeError": 2, "threads": 0, "memoryBudget": "lots", "dtype": null, "dtype": "float32", "dtype": "float64" }
            """);

        var run = await Invocation.Of("--job", file, "--workers", "0");

        Assert.Equal((2, ""), (run.Code, run.Out));
        Assert.StartsWith($"{file}: probs is not a field of a job, which has kind, model, modelSha256, weights,", run.ErrorLines[0]);
        Assert.Equal(
            [
                $"{file}: probes many: must be a whole number, at least 1.",
                $"{file}: vBatch 1.5: must be a whole number, at least 1, or auto.",
                $"{file}: matrix fisher: must be hessian or ggn.",
                $"{file}: structure 3: must be block or full.",
                $"{file}: seed -1: must be a whole number from 0 to 2^64 − 1.",
                $"{file}: memoryBudget lots: {MemorySize.Right}.",
                $"{file}: dtype is given twice: give it once.",
                $"{file}: relativeError 2: must lie between 0 and 1, such as 0.01 for 1 %.",
                "--workers 0: must be at least 1.",
                $"{file}: threads 0: must be at least 1.",
                "See actorhutch --help.",
            ],
            run.ErrorLines.Skip(1));
    }

    [Theory]
    [InlineData(" ", "is not JSON: see line 1, byte 2.")]
    [InlineData("{ \"probes\": 5,\n  \"seed\" }", "is not JSON: see line 2, byte 10.")]
    [InlineData("[1]", "must be a JSON object with a job's fields.")]
    [InlineData("{ \"job\": { \"probes\": 5 } }", "job is not a field of a job, which has kind, ")]
    [InlineData("{ \"job\": 5, \"versions\": 1 }", "job must be an object with a job's fields.")]
    public async Task What_is_no_job_is_told(string text, string problem)
    {
        string file = Write(text);

        var run = await Invocation.Of("--job", file);

        Assert.Equal((2, ""), (run.Code, run.Out));
        Assert.StartsWith($"{file}: {problem}", run.ErrorLines[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"probes\": 9223372036854775807", "probes 9223372036854775807: must be at most 53687091200 with --v-batch 50: a job has at most 2^30 chunks.")]
    [InlineData("\"vBatch\": 2147483647", "vBatch 2147483647: must be at most 1000000, or auto.")]
    [InlineData("\"threads\": 2147483647", "threads 2147483647: must be at most 1024.")]
    [InlineData("\"workers\": 2147483647", "workers 2147483647: must be at most 1024 in a process.")]
    [InlineData("\"cluster\": true, \"joinTimeout\": 1e30", "joinTimeout 1e30: must be a number of seconds from 0.001 to 2147483.")]
    [InlineData("\"model\": \"\\ud800\"", "model: holds half of a surrogate pair, such as \\ud800, which is no text.")]
    [InlineData("\"cluster\": true, \"seedNodes\": [\"\\udc00\"]", "seedNodes: holds half of a surrogate pair, such as \\ud800, which is no text.")]
    public async Task A_value_that_nobody_can_mean_is_told(string field, string problem)
    {
        string file = Write($"{{ {field} }}");

        var run = await Invocation.Of("--job", file, "--print-job");

        Assert.Equal((2, ""), (run.Code, run.Out));
        Assert.Contains(run.ErrorLines, line => line == $"{file}: {problem}");
    }

    [Fact]
    public async Task A_name_that_is_no_text_is_told()
    {
        string file = Write("{ \"probes\": 5, \"\\ud800\": 1 }");

        var run = await Invocation.Of("--job", file, "--print-job");

        Assert.Equal((2, ""), (run.Code, run.Out));
        Assert.Equal($"{file}: names a field by half of a surrogate pair, such as \\ud800, which is no text.", run.ErrorLines[0]);
    }

    [Fact]
    public async Task A_file_that_is_not_in_UTF_8_is_told()
    {
        string file = _folder.File("job.json");
        File.WriteAllBytes(file, [.. "{ \"state\": \""u8, 0xC3, 0x28, .. "\" }"u8]);

        var run = await Invocation.Of("--job", file, "--print-job");

        Assert.Equal((2, ""), (run.Code, run.Out));
        Assert.Equal($"{file}: is not in UTF-8: save it as such.", run.ErrorLines[0]);
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_told()
    {
        var run = await Invocation.Of("--job", _folder.File("none.json"));

        Assert.Equal((2, ""), (run.Code, run.Out));
        Assert.StartsWith($"--job {_folder.File("none.json")}: must be a file that can be read: ", run.ErrorLines[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", 1000)]
    [InlineData("--relative-error 0.01", 1_000_000)]
    [InlineData("--relative-error 0.01 --probes 500", 500)]
    public async Task A_target_alone_may_take_a_million_probes(string line, long probes)
    {
        var job = (await Invocation.Of([.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--print-job"])).Json;

        Assert.Equal(probes, job.GetProperty("probes").GetInt64());
    }

    [Fact]
    public async Task A_memory_budget_reaches_the_workers()
    {
        var budgets = new System.Collections.Concurrent.ConcurrentBag<long?>();
        var factory = new FakeReplicaFactory { OnForm = options => budgets.Add(options.MemoryBudget) };

        Assert.Equal(0, (await Invocation.Of(factory, ["--memory-budget", "3MiB", "--workers", "1"])).Code);

        Assert.Equal([3L << 20], budgets.Distinct());
    }

    [Fact]
    public void A_jobs_hash_is_its_specs_alone_and_says_everything_in_it()
    {
        var spec = new JobSpec();
        JobSpec[] others =
        [
            spec with { Estimator = Estimator.Exact }, spec with { Risk = new RiskSource { Model = "m" } }, spec with { Matrix = CurvatureMatrix.Ggn },
            spec with { Structure = BlockStructure.Full }, spec with { Method = CurvatureMethod.Hmp },
            spec with { ProbeSpace = Curvature.Probes.ProbeSpace.Output },
            spec with { Distribution = Curvature.Probes.ProbeDistribution.Gaussian }, spec with { Probes = 1 },
            spec with { VBatch = 1 }, spec with { Seed = 1 }, spec with { Dtype = Dtype.Float64 },
            spec with { RelativeError = 0.5 }, spec with { ConfidenceLevel = 0.5 }, spec with { RoundingProbes = 2 }, spec with { LanczosSteps = 9 },
            spec with { K = 3 }, spec with { Which = Curvature.Eigenvalues.SpectrumEnd.Smallest },
        ];

        Assert.Equal(typeof(JobSpec).GetProperties().Count(property => property.CanWrite), others.Length);
        Assert.Equal(others.Length + 1, others.Append(spec).Select(JobDocument.Hash).Distinct().Count());
        // What state directories were made with must stay readable.
        Assert.Equal(
            """{"kind":"estimate","model":"mnist-example","matrix":"hessian","structure":"block","probeSpace":"parameter","distribution":"rademacher","probes":1000,"seed":0,"dtype":"float32","confidenceLevel":0.95}""",
            JobDocument.Canonical(spec));
    }

    private string Write(string text) => _folder.Write("job.json", text);

    private static string Result(Invocation run) => string.Join('\n',
        ((string[])["kind", "trace", "standardError", "confidence", "probes", "blocks", "stopReason"])
            .Select(name => run.Json.GetProperty(name).GetRawText()));
}
