using ActorHutch.Curvature;
using ActorHutch.Fakes;

namespace ActorHutch.Coordinator.Tests.CommandLine;

public class EstimateTests
{
    [Theory]
    [InlineData("--json")]
    [InlineData("estimate --json")]
    [InlineData("--json estimate")]
    public async Task Estimate_is_the_default_command(string line)
    {
        var run = await Invocation.Of(line.Split(' '));

        Assert.Equal(0, run.Code);
        Assert.Equal("", run.Error);
        Assert.Equal(1000, run.Json.GetProperty("probes").GetInt64());
    }

    [Fact]
    public async Task The_head_and_the_document_say_which_loss_it_is_and_who_chose_it()
    {
        var text = await Invocation.Of("--probes", "10");
        var json = await Invocation.Of("--probes", "10", "--json");

        Assert.Contains("\n  loss      cross-entropy, mean (fake)\n", text.Out, StringComparison.Ordinal);
        Assert.Equal("fake", json.Json.GetProperty("model").GetProperty("loss").GetProperty("reason").GetString());
    }

    [Fact]
    public async Task The_document_holds_the_result_and_all_it_takes_to_run_again()
    {
        var run = await Invocation.Of(
            "--json", "--probes", "95", "--v-batch", "10", "--seed", "18446744073709551615", "--workers", "2", "--method", "hmp",
            "--matrix", "ggn", "--structure", "full", "--distribution", "gaussian", "--dtype", "float64", "--threads", "3");

        var json = run.Json;
        Assert.Equal("estimate", json.GetProperty("kind").GetString());
        Assert.InRange(json.GetProperty("trace").GetDouble(), 11.5, 12.5);
        double error = json.GetProperty("standardError").GetDouble();
        Assert.InRange(error, 0.02, 0.06);
        var confidence = json.GetProperty("confidence");
        Assert.Equal(0.95, confidence.GetProperty("level").GetDouble());
        Assert.InRange(
            (confidence.GetProperty("high").GetDouble() - confidence.GetProperty("low").GetDouble()) / error, 3.9, 4.1);
        Assert.Equal(FakeQuadraticForm.Trace, json.GetProperty("exactTrace").GetDouble(), 1e-12);
        Assert.Equal(95, json.GetProperty("probes").GetInt64());
        foreach (var (name, value) in new (string, string)[]
        {
            ("matrix", "ggn"), ("structure", "full"), ("method", "hmp"), ("methodReason", "asked for"),
            ("probeSpace", "parameter"), ("distribution", "gaussian"), ("dtype", "float64"), ("stopReason", "completed"),
        })
        {
            Assert.Equal(value, json.GetProperty(name).GetString());
        }

        Assert.Equal(ulong.MaxValue, json.GetProperty("seed").GetUInt64());
        Assert.Equal(10, json.GetProperty("vBatch").GetInt32());
        Assert.False(json.GetProperty("interrupted").GetBoolean());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, json.GetProperty("error").ValueKind);
        Assert.True(json.GetProperty("elapsedSeconds").GetDouble() > 0);
        Times.AddUp(json);
        Assert.Equal("fake", json.GetProperty("model").GetProperty("name").GetString());

        var block = json.GetProperty("blocks")[0];
        Assert.Equal("first.weight", block.GetProperty("name").GetString());
        Assert.Equal(10, block.GetProperty("exactTrace").GetDouble(), 1e-12);

        var workers = json.GetProperty("workers").EnumerateArray().ToArray();
        Assert.Equal(["worker-1", "worker-2"], workers.Select(worker => worker.GetProperty("id").GetString()));
        Assert.Equal(95, workers.Sum(worker => worker.GetProperty("probes").GetInt64()));
        Assert.Equal(10, workers.Sum(worker => worker.GetProperty("chunks").GetInt64()));
        var chunks = json.GetProperty("chunks");
        Assert.Equal(10, chunks.GetProperty("completed").GetInt64());
        foreach (string name in (string[])["reissued", "duplicates", "failed"])
            Assert.Equal(0, chunks.GetProperty(name).GetInt64());

        var job = json.GetProperty("job");
        Assert.Equal("ggn", job.GetProperty("matrix").GetString());
        Assert.Equal(10, job.GetProperty("vBatch").GetInt32());
        Assert.Equal(3, job.GetProperty("threads").GetInt32());
        Assert.Equal("1.5.74", json.GetProperty("versions").GetProperty("akka").GetString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("--relative-error 0.005")]
    public async Task The_number_of_workers_does_not_show_in_a_single_bit(string options)
    {
        var documents = new List<System.Text.Json.JsonElement>();
        foreach (string workers in (string[])["1", "2", "3"])
        {
            string[] line = ["--json", "--probes", "499", "--v-batch", "7", "--workers", workers, .. Words(options)];
            documents.Add((await Invocation.Of(line)).Json);
        }

        foreach (string name in (string[])["trace", "standardError", "confidence", "probes", "blocks", "stopReason"])
            Assert.Single(documents.Select(json => json.GetProperty(name).GetRawText()).Distinct());
    }

    [Fact]
    public async Task A_target_stops_the_job_at_the_first_chunk_that_reaches_it()
    {
        var run = await Invocation.Of("--json", "--probes", "1000", "--v-batch", "10", "--relative-error", "0.01");

        Assert.Equal("targetReached", run.Json.GetProperty("stopReason").GetString());
        Assert.InRange(run.Json.GetProperty("probes").GetInt64(), 30, 300);
    }

    [Fact]
    public async Task A_V_batch_above_V_is_one_chunk()
    {
        var run = await Invocation.Of("--json", "--probes", "7", "--v-batch", "500");

        Assert.Equal(0, run.Code);
        Assert.Equal(1, run.Json.GetProperty("chunks").GetProperty("completed").GetInt64());
        Assert.Equal(7, run.Json.GetProperty("vBatch").GetInt32());
    }

    [Fact]
    public async Task One_probe_has_no_standard_error()
    {
        var run = await Invocation.Of("--json", "--probes", "1");

        Assert.Equal(0, run.Code);
        Assert.Equal(System.Text.Json.JsonValueKind.Null, run.Json.GetProperty("standardError").ValueKind);
        Assert.Equal(
            System.Text.Json.JsonValueKind.Null, run.Json.GetProperty("confidence").GetProperty("low").ValueKind);
        Assert.Equal(0, (await Invocation.Of("--probes", "1")).Code);
    }

    [Theory]
    [InlineData(1024, true)]
    [InlineData(1025, false)]
    public async Task The_exact_trace_is_there_where_it_is_cheap(long lanes, bool there)
    {
        var factory = new FakeReplicaFactory { BasisCount = lanes };

        var json = (await Invocation.Of(factory, ["--json"])).Json;
        var text = await Invocation.Of(factory, []);

        Assert.Equal(there, json.GetProperty("exactTrace").ValueKind == System.Text.Json.JsonValueKind.Number);
        Assert.Equal(!there, text.Out.Contains("actorhutch exact", StringComparison.Ordinal));
    }

    [Fact]
    public async Task People_see_the_result_at_a_glance_in_eighty_columns_of_plain_text()
    {
        var run = await Invocation.Of("--workers", "2");

        Assert.Equal(0, run.Code);
        Assert.All(run.Out.Split('\n'), line =>
        {
            Assert.True(line.Length <= 80, line);
            Assert.Equal(line.TrimEnd(), line);
            Assert.DoesNotContain(line, char.IsControl);
        });
        Assert.Matches(@"trace +12\.\d+ ± 0\.\d+ ", run.Out);
        Assert.Matches(@"exact +12\.0000 +\(\d\.\d standard errors away\)", run.Out);
        Assert.Contains("quadratic (the fake has one)", run.Out, StringComparison.Ordinal);
        Assert.Contains("1,000 Rademacher probes in parameter space, V_batch 50, seed 0", run.Out, StringComparison.Ordinal);
        Assert.Contains("2 workers on cpu, 1 thread each", run.Out, StringComparison.Ordinal);
        Assert.Matches("first.weight +", run.Out);
        Assert.Matches("worker-2 +cpu", run.Out);
    }

    [Fact]
    public async Task A_chunk_that_keeps_failing_fails_the_job_with_the_error()
    {
        var run = await Invocation.Of(Failing(new InvalidOperationException("the device is gone")), ["--json", "--workers", "2"]);

        Assert.Equal(3, run.Code);
        Assert.Contains("(probes 100 to 149) failed on worker-", run.Error, StringComparison.Ordinal);
        Assert.Contains("InvalidOperationException: the device is gone", run.Json.GetProperty("error").GetString());
        Assert.Equal("failed", run.Json.GetProperty("stopReason").GetString());
    }

    [Fact]
    public async Task A_chunk_that_fails_for_good_fails_the_job()
    {
        var run = await Invocation.Of(Failing(new CurvatureException("vᵀHv is not finite.")), []);

        Assert.Equal(3, run.Code);
        Assert.Contains("vᵀHv is not finite.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logs_go_to_standard_error()
    {
        var run = await Invocation.Of("--json", "--log-level", "information");

        Assert.Contains("Worker worker-1 on cpu registered", run.Error, StringComparison.Ordinal);
        Assert.Matches("INF Job .* ended: .?Completed", run.Error);
        Assert.Equal(0, run.Code);
        Assert.Equal("estimate", run.Json.GetProperty("kind").GetString());
    }

    [Fact]
    public async Task Workers_take_the_GPUs_in_turn()
    {
        var factory = new FakeReplicaFactory { CudaDeviceCount = 2 };

        var run = await Invocation.Of(factory, ["--json", "--workers", "3"]);

        Assert.Equal(
            ["cuda:0", "cuda:1", "cuda:0"],
            run.Json.GetProperty("workers").EnumerateArray().Select(worker => worker.GetProperty("device").GetString()));
    }

    private static FakeReplicaFactory Failing(Exception error) => new()
    {
        OnEvaluate = (first, _, _) =>
        {
            if (first == 100) throw error;
        },
    };

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
