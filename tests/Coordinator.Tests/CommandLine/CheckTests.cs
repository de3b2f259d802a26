using System.Text;
using System.Text.Json;
using ActorHutch.Coordinator.Tests.Reports;
using ActorHutch.Curvature.Losses;
using ActorHutch.Fakes;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Tests.CommandLine;

/// <summary><c>actorhutch check</c>, whose replica here has a loss of 1 and a vᵀHv of 10 + 2.</summary>
public sealed class CheckTests : IDisposable
{
    private const string Same = """ "loss": 1, "quadratic_form": 12 """;

    private readonly TemporaryFolder _folder = new();
    private readonly List<ReplicaKey> _keys = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_file_of_before_which_names_no_loss_and_no_blocks()
    {
        var run = await Check(Same);

        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.Equal(
            """
            loss  1                      expected 1   (cross-entropy, mean)
            vᵀHv  12                     expected 12
            They agree: by 0.0e+0, where 1e-3 is float32's rounding.

            """.ReplaceLineEndings("\n"), run.Out);
        Assert.Null(Assert.Single(_keys).Risk.Loss);
    }

    [Theory]
    [InlineData("cross-entropy", LossKind.CrossEntropy)]
    [InlineData("mse", LossKind.Mse)]
    [InlineData("bce", LossKind.Bce)]
    [InlineData("bce-with-logits", LossKind.Bce)]
    public async Task The_loss_is_the_files_where_nobody_says_one(string name, LossKind loss)
    {
        Assert.Equal(0, (await Check($"""{Same}, "loss_function": "{name}", "reduction": "sum" """)).Code);

        Assert.Equal((loss, Reduction.Sum), (_keys[0].Risk.Loss, _keys[0].Risk.Reduction));
    }

    [Theory]
    [InlineData("mse", "", "--loss", "cross-entropy", "check.json was computed with the loss mse, and the job has cross-entropy")]
    [InlineData("bce-with-logits", "", "--loss", "mse", "check.json was computed with the loss bce, and the job has mse")]
    [InlineData("mse", "mean", "--reduction", "sum", "check.json was computed with the reduction mean, and the job has sum")]
    public async Task A_contradiction_is_said(string loss, string reduction, string option, string value, string message)
    {
        var run = await Check($"""{Same}, "loss_function": "{loss}"{(reduction.Length == 0 ? "" : $", \"reduction\": \"{reduction}\"")} """, option, value);

        Assert.Equal((2, ""), (run.Code, run.Out));
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_class_that_does_not_count_is_the_files()
    {
        const string Content = $"""{Same}, "loss_function": "cross-entropy", "ignore_index": 255 """;

        Assert.Equal(0, (await Check(Content)).Code);
        Assert.Equal(0, (await Check(Content, "--ignore-index", "255")).Code);
        var other = await Check(Content, "--ignore-index", "7");

        Assert.Equal([255, 255, 7], _keys.Select(key => key.Risk.LossArguments.IgnoreIndex ?? 0));
        Assert.Equal(2, other.Code);
        Assert.Contains("check.json was computed with --ignore-index 255, and the job has 7", other.Error, StringComparison.Ordinal);
        _keys.Clear();
        await Check($"""{Same}, "loss_function": "cross-entropy", "ignore_index": -100 """);
        Assert.Null(_keys[0].Risk.LossArguments.IgnoreIndex);
    }

    [Fact]
    public async Task A_losss_arguments_are_the_files()
    {
        const string Content = $$"""{{Same}}, "loss_function": "cross-entropy", "loss_arguments": { "label-smoothing": "0.1", "class-weights": "1,2" } """;

        Assert.Equal(0, (await Check(Content)).Code);
        Assert.Equal(0, (await Check(Content, "--label-smoothing", "0.10")).Code);
        Assert.All(_keys, key => Assert.Equal(new LossArguments { LabelSmoothing = 0.1, ClassWeights = new NumberList([1, 2]) }, key.Risk.LossArguments));

        foreach (var (option, value, message) in new[]
        {
            ("--label-smoothing", "0.2", "check.json was computed with --label-smoothing 0.1, and the job has 0.2: leave it out"),
            ("--ignore-index", "7", "check.json was computed with --ignore-index -100, and the job has 7"),
        })
        {
            var other = await Check(Content, option, value);
            Assert.Equal(2, other.Code);
            Assert.Contains(message, other.Error, StringComparison.Ordinal);
        }

        var unknown = await Check($$"""{{Same}}, "loss_function": "mse", "loss_arguments": { "width": "1" } """);
        Assert.Equal(2, unknown.Code);
        Assert.Contains("check.json has the loss argument width = 1: there is no such argument.", unknown.Error, StringComparison.Ordinal);
        Assert.Contains(
            "loss_arguments must be an object with a text for each argument.",
            (await Check($$"""{{Same}}, "loss_function": "mse", "loss_arguments": { "beta": 1 } """)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_option_and_the_file_may_say_the_same()
    {
        Assert.Equal(0, (await Check($"""{Same}, "loss_function": "mse" """, "--loss", "mse")).Code);
        Assert.Equal(LossKind.Mse, _keys[0].Risk.Loss);
    }

    [Fact]
    public async Task A_loss_that_is_not_known_is_the_users_to_name()
    {
        var unknown = await Check($"""{Same}, "loss_function": "CrossEntropyLoss" """);

        Assert.Equal(2, unknown.Code);
        Assert.Contains("names the loss CrossEntropyLoss, which is not known: --loss must be", unknown.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await Check($"""{Same}, "loss_function": "CrossEntropyLoss" """, "--loss", "cross-entropy")).Code);
    }

    [Fact]
    public async Task A_model_that_brings_its_loss_is_held_against_the_files()
    {
        string file = Write($"""{Same}, "loss_function": "mse" """);

        var run = await Run("check", file);

        Assert.Equal(2, run.Code);
        Assert.Contains("was computed with the loss mse, and the job has cross-entropy", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    // 0.5 of a sum of absolute values of 1,987.5, and of a sum of 12.5.
    [InlineData(""" "loss": 1, "quadratic_form": 12.5, "blocks": {"a": 1000, "b": -987.5} """, 0)]
    [InlineData(""" "loss": 1, "quadratic_form": 12.5 """, 3)]
    [InlineData(""" "loss": 1.01, "quadratic_form": 12 """, 3)]
    [InlineData(""" "loss": 1, "quadratic_form": 12, "blocks": {"first.weight": 2, "second.weight": 10} """, 3)]
    public async Task The_difference_is_relative_to_the_blocks_absolute_values(string content, int code)
    {
        var text = await Check(content);
        var json = await Check(content, "--json");

        Assert.Equal((code, code), (text.Code, json.Code));
        Assert.Contains(code == 0 ? "They agree" : "They differ", text.Out, StringComparison.Ordinal);
        Assert.Equal(code != 0, text.Out.Contains("--dtype float64 finds out whether rounding is the cause", StringComparison.Ordinal));
        Assert.Equal(code == 0, json.Json.GetProperty("agree").GetBoolean());
        Assert.Empty(JsonSchemaCheck.Problems(JsonSchemaCheck.Read("check.schema.json"), json.Json));
    }

    [Fact]
    public async Task The_document_holds_both_sides_and_the_job()
    {
        var run = await Check(
            """ "loss": 2, "quadratic_form": 12, "blocks": {"first.weight": 2, "second.weight": 10}, "loss_function": "mse" """,
            "--json", "--dtype", "float64", "--method", "hmp");

        var json = run.Json;
        Assert.Equal("", run.Error);
        Assert.Equal(
            """{"value":1,"expected":2,"difference":0.5}""", JsonSerializer.Serialize(json.GetProperty("loss")));
        Assert.Equal((12, 1e-8), (json.GetProperty("scale").GetDouble(), json.GetProperty("tolerance").GetDouble()));
        Assert.Equal(
            """{"name":"first.weight","value":10,"expected":2,"difference":0.6666666666666666}""",
            JsonSerializer.Serialize(json.GetProperty("blocks")[0]));
        Assert.Equal(("hmp", "mse"), (json.GetProperty("method").GetString(), json.GetProperty("job").GetProperty("loss").GetString()));
        Assert.Equal("mse", json.GetProperty("model").GetProperty("loss").GetProperty("name").GetString());
    }

    [Fact]
    public async Task Of_blocks_that_differ_the_worst_is_named()
    {
        var run = await Check(""" "loss": 1, "quadratic_form": 12, "blocks": {"first.weight": 11, "second.weight": 1.5} """);

        Assert.Contains("Of vᵀHv's parts by block, that of first.weight differs most: 10, expected 11.", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_none()
    {
        var run = await Check(""" "loss": 1 """);

        Assert.Equal((2, ""), (run.Code, run.Out));
        Assert.Contains("has no number quadratic_form", run.Error, StringComparison.Ordinal);
    }

    private Task<Invocation> Check(string content, params string[] options) => Run(
        ["check", Write(content), "--model", _folder.Write("model.pt", "a model"), "--data", _folder.Write("data.npz", "data"), .. options]);

    private Task<Invocation> Run(params string[] arguments) =>
        Invocation.Of(new FakeReplicaFactory { OnCreate = _keys.Add }, arguments);

    private string Write(string content)
    {
        byte[] header = Encoding.UTF8.GetBytes("""{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""");
        File.WriteAllBytes(_folder.File("probe.safetensors"), [.. BitConverter.GetBytes((long)header.Length), .. header, 1]);
        return _folder.Write("check.json", $$"""{ {{content}}, "probe": "probe.safetensors" }""");
    }
}
