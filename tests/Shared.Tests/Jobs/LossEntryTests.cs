using ActorHutch.Curvature.Losses;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Shared.Tests.Jobs;

/// <summary>The table of losses and their arguments, from which options, job files, messages and replicas are made.</summary>
public sealed class LossEntryTests
{
    [Fact]
    public void Every_loss_has_a_word_a_class_of_its_own_and_arguments_of_the_table()
    {
        Assert.Equal(Enum.GetValues<LossKind>(), LossEntry.All.Select(entry => entry.Kind));
        Assert.Equal(
            ["cross-entropy", "mse", "bce", "bce-of-probabilities", "nll", "l1", "smooth-l1", "huber", "kl-div"],
            LossEntry.All.Select(entry => entry.Word));
        Assert.Equal(["mean", "sum", "batch-mean"], Choices.Reduction.Words);
        // A model's own is named by no job.
        Assert.Equal(
            typeof(Loss).Assembly.GetExportedTypes().Where(type => type.IsSubclassOf(typeof(Loss)) && !type.IsAbstract && type != typeof(ModelLoss)).Select(type => type.Name).Order(),
            LossEntry.All.Select(entry => entry.Class.Name).Order());
        Assert.All(LossArgument.All, argument => Assert.Contains(LossEntry.All, entry => entry.Arguments.Contains(argument)));
        foreach (var entry in LossEntry.All)
        {
            foreach (var reduction in Enum.GetValues<Reduction>())
            {
                var loss = entry.Make(reduction, LossArguments.None);
                Assert.Equal((entry.Class, reduction), (loss.GetType(), loss.Reduction));
                Assert.Equal(new LossDescription(entry.Word, reduction.Word(), "asked for"), LossDescription.Of(loss, "asked for"));
            }
        }
    }

    [Theory]
    [InlineData("ignore-index", "255", "255")]
    [InlineData("ignore-index", "1e3", "1000")]
    [InlineData("class-dimension", "last", "-1")]
    [InlineData("class-dimension", "2", "2")]
    [InlineData("class-weights", "0.5, 1,2e0", "0.5,1,2")]
    [InlineData("class-weights", "0,1", "0,1")]
    [InlineData("label-smoothing", "0.10", "0.1")]
    [InlineData("label-smoothing", "1", "1")]
    [InlineData("pos-weight", "3", "3")]
    [InlineData("beta", "0.1", "0.1")]
    [InlineData("delta", "1e-3", "0.001")]
    [InlineData("log-target", "True", "true")]
    [InlineData("log-target", "false", "false")]
    public void An_argument_is_read_and_written(string name, string text, string written)
    {
        var argument = LossArgument.All.Single(one => one.Name == name);

        var read = argument.Read(LossArguments.None, text)!;

        Assert.Equal(written, argument.Write(read));
        Assert.Equal(read, argument.Read(LossArguments.None, written));
        Assert.Equal([(argument, written)], read.Given);
        Assert.Equal($"{name} {written}", read.ToString());
    }

    [Theory]
    [InlineData("ignore-index", "1.5")]
    [InlineData("class-dimension", "0")]
    [InlineData("class-dimension", "first")]
    [InlineData("class-weights", "")]
    [InlineData("class-weights", "1,-1")]
    [InlineData("class-weights", "0,0")]
    [InlineData("class-weights", "1,NaN")]
    [InlineData("class-weights", "1,,2")]
    [InlineData("pos-weight", "Infinity")]
    [InlineData("label-smoothing", "-0.1")]
    [InlineData("label-smoothing", "1.01")]
    [InlineData("label-smoothing", "NaN")]
    [InlineData("beta", "0")]
    [InlineData("beta", "-1")]
    [InlineData("beta", "Infinity")]
    [InlineData("delta", "0")]
    [InlineData("delta", "NaN")]
    [InlineData("log-target", "1")]
    public void What_is_not_right_is_not_read(string name, string text) =>
        Assert.Null(LossArgument.All.Single(one => one.Name == name).Read(LossArguments.None, text));

    [Fact]
    public void A_list_is_as_long_as_a_message_has_room_for()
    {
        string longest = string.Join(',', Enumerable.Repeat("1", NumberList.Most));

        Assert.NotNull(NumberList.Parse(longest));
        Assert.Null(NumberList.Parse(longest + ",1"));
        Assert.Equal(NumberList.Parse("1,2"), new NumberList([1, 2]));
        Assert.NotEqual(NumberList.Parse("1,2"), new NumberList([2, 1]));
    }

    [Fact]
    public void What_is_said_goes_over_what_others_say()
    {
        var job = new LossArguments { LabelSmoothing = 0.1, ClassWeights = new NumberList([1, 2]) };
        var file = new LossArguments { LabelSmoothing = 0.3, IgnoreIndex = 255 };

        Assert.Equal(job with { IgnoreIndex = 255 }, job.Over(file));
        Assert.Equal(file, LossArguments.None.Over(file));
        Assert.True(LossArgument.IgnoreIndex.Differs(file, job));
        Assert.False(LossArgument.IgnoreIndex.Differs(new LossArguments { IgnoreIndex = -100 }, job));
    }

    [Fact]
    public void An_argument_of_another_loss_is_a_problem()
    {
        var risk = new RiskSource
        {
            ModelFile = new InputFile("m.json"),
            Data = new InputFile("d.npz"),
            Loss = LossKind.Mse,
            LossArguments = new LossArguments { LabelSmoothing = 0.1, Beta = -1 },
        };

        Assert.Equal(
            [
                "--label-smoothing 0.1: must not be there with --loss mse: it is an argument of cross-entropy.",
                "--beta -1: must be above 0; 0 is --loss l1.", "--beta -1: must not be there with --loss mse: it is an argument of smooth-l1.",
            ], risk.Validate().Select(problem => problem.ToString()));
        Assert.Empty((risk with { Loss = LossKind.SmoothL1, LossArguments = new LossArguments { Beta = 2 } }).Validate());
        Assert.Equal(
            ["--label-smoothing 0.1: needs your own --model: mnist-example has its own data and loss."],
            new RiskSource { LossArguments = new LossArguments { LabelSmoothing = 0.1 } }.Validate().Select(problem => problem.ToString()));
    }

    [Fact]
    public void A_long_list_is_cut_in_what_people_read()
    {
        var weights = new LossArguments { ClassWeights = NumberList.Parse(string.Join(',', Enumerable.Repeat("0.125", 1000))) };

        string text = LossDescription.Of(new CrossEntropy(), "asked for", weights).ToString();

        Assert.StartsWith("cross-entropy (class-weights 0.125,0.125,", text, StringComparison.Ordinal);
        Assert.EndsWith("…), mean (asked for)", text, StringComparison.Ordinal);
        Assert.InRange(text.Length, 200, 300);
    }
}
