using System.Text.Json;
using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Curvature.Losses;
using ActorHutch.Fakes;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Tests.CommandLine;

/// <summary>Losses and their arguments as options, in job files, and what is wrong with them: one clear message, exit code 2.</summary>
public sealed class LossOptionsTests : IDisposable
{
    private readonly ModelFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("--loss cross-entropy --class-dimension last --class-weights 0.5,1e0,2 --label-smoothing 0.10 --ignore-index 255",
        """ "loss":"cross-entropy","ignoreIndex":255,"classDimension":-1,"classWeights":"0.5,1,2","labelSmoothing":0.1""")]
    [InlineData("--loss bce --pos-weight 2.5 --reduction batch-mean", """ "loss":"bce","reduction":"batch-mean","posWeight":"2.5" """)]
    [InlineData("--loss smooth-l1 --beta 0.5", """ "loss":"smooth-l1","beta":0.5""")]
    [InlineData("--loss huber --delta 2", """ "loss":"huber","delta":2""")]
    [InlineData("--loss kl-div --log-target true", """ "loss":"kl-div","logTarget":true""")]
    [InlineData("--loss nll --class-dimension 2", """ "loss":"nll","classDimension":2""")]
    public async Task What_is_said_is_printed_and_read_again(string options, string fields)
    {
        var printed = await Invocation.Of(["--print-job", .. _files.Options, .. options.Split(' ')]);

        Assert.Equal((0, ""), (printed.Code, printed.Error));
        string[] names = ["loss", "reduction", "ignoreIndex", "classDimension", "classWeights", "labelSmoothing", "posWeight", "beta", "delta", "logTarget"];
        Assert.Equal(fields.Trim(), string.Join(',', printed.Json.EnumerateObject()
            .Where(field => names.Contains(field.Name)).Select(field => $"\"{field.Name}\":{field.Value.GetRawText()}")));
        string file = _files.PathOf("job.json");
        await File.WriteAllTextAsync(file, printed.Out);
        Assert.Equal(printed.Out, (await Invocation.Of("--print-job", "--job", file)).Out);
    }

    [Fact]
    public async Task An_option_wins_over_the_file_and_leaves_what_else_it_says()
    {
        string file = _files.PathOf("job.json");
        await File.WriteAllTextAsync(file, """{ "loss": "cross-entropy", "classDimension": "last", "labelSmoothing": 0.1, "classWeights": "1, 2" }""");

        var changed = await Invocation.Of(["--print-job", "--job", file, .. _files.Options, "--label-smoothing", "0.2"]);

        Assert.Equal((0.2, -1, "1,2"), (changed.Json.GetProperty("labelSmoothing").GetDouble(), changed.Json.GetProperty("classDimension").GetInt64(),
            changed.Json.GetProperty("classWeights").GetString()));
    }

    [Theory]
    [InlineData("--label-smoothing 0.1 --loss mse", "--label-smoothing 0.1: must not be there with --loss mse: it is an argument of cross-entropy.")]
    [InlineData("--class-weights 1,2 --loss bce", "--class-weights 1,2: must not be there with --loss bce: it is an argument of cross-entropy and nll.")]
    [InlineData("--label-smoothing 1.5", "--label-smoothing 1.5: must lie between 0 and 1.")]
    [InlineData("--class-dimension 0", "--class-dimension 0: must be a whole number other than 0, the dimension of the samples; negative ones count from the end, and last is -1.")]
    [InlineData("--class-weights 1,-2", "--class-weights 1,-2: must be numbers from 0 up, at least one of them above it, with commas between them, and no more than 10,000.")]
    [InlineData("--pos-weight x", "--pos-weight x: must be numbers from 0 up, at least one of them above it, with commas between them, and no more than 10,000.")]
    [InlineData("--loss smooth-l1 --beta 0", "--beta 0: must be above 0; 0 is --loss l1.")]
    [InlineData("--loss huber --delta -1", "--delta -1: must be above 0.")]
    [InlineData("--loss kl-div --log-target 1", "--log-target 1: must be true or false.")]
    [InlineData("--loss hinge", "--loss hinge: must be auto, cross-entropy, mse, bce, bce-of-probabilities, nll, l1, smooth-l1, huber or kl-div.")]
    [InlineData("--reduction none", "--reduction none: must be mean, sum or batch-mean.")]
    public async Task What_is_wrong_is_told(string options, string message)
    {
        var run = await Invocation.Of([.. _files.Options, .. options.Split(' ')]);

        Assert.Equal((2, ""), (run.Code, run.Out));
        Assert.Equal([message, "See actorhutch --help."], run.ErrorLines);
    }

    [Theory]
    [InlineData("""{ "labelSmoothing": 2 }""", "labelSmoothing")]
    [InlineData("""{ "classWeights": [1, 2] }""", "classWeights")]
    [InlineData("""{ "classDimension": 0 }""", "classDimension")]
    [InlineData("""{ "logTarget": "yes" }""", "logTarget")]
    [InlineData("""{ "beta": true }""", "beta")]
    public async Task What_is_wrong_with_a_file_is_told(string job, string field)
    {
        string file = _files.PathOf("job.json");
        await File.WriteAllTextAsync(file, job);

        var run = await Invocation.Of(["--print-job", "--job", file, .. _files.Options]);

        Assert.Equal(2, run.Code);
        Assert.Contains(field, run.Error, StringComparison.Ordinal);
        Assert.Contains("must", run.Error, StringComparison.Ordinal);
    }

    /// <summary>Names of jobs that say nothing of it stay what they were, and other arguments make other names.</summary>
    [Fact]
    public void A_jobs_name_depends_on_the_arguments()
    {
        var spec = new JobSpec();
        JobSpec With(LossArguments arguments) => spec with { Risk = spec.Risk with { LossArguments = arguments } };
        JobSpec[] others =
        [
            With(new() { ClassDimension = -1 }), With(new() { ClassWeights = new NumberList([1, 2]) }), With(new() { LabelSmoothing = 0.1 }),
            With(new() { PosWeight = new NumberList([1, 2]) }), With(new() { Beta = 0.5 }), With(new() { Delta = 0.5 }), With(new() { LogTarget = true }),
            spec with { Risk = spec.Risk with { Reduction = Reduction.BatchMean } },
        ];

        Assert.Equal(others.Length + 1, others.Append(spec).Select(JobDocument.Hash).Distinct().Count());
        Assert.All(LossArgument.All, argument => Assert.DoesNotContain(
            argument.Field, JsonSerializer.Serialize(JobDocument.Canonical(spec)), StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_estimate_says_the_loss_and_its_arguments()
    {
        var run = await Invocation.Of(
            new TorchReplicaFactory(),
            [.. _files.Options, "--probes", "4", "--label-smoothing", "0.1", "--class-weights", "1,0.5,2", "--json"]);

        Assert.Equal(0, run.Code);
        var loss = run.Json.GetProperty("model").GetProperty("loss");
        Assert.Equal(("cross-entropy", "class-weights 1,0.5,2, label-smoothing 0.1"), (loss.GetProperty("name").GetString(), loss.GetProperty("arguments").GetString()));
    }
}
