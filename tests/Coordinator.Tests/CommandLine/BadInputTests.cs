using ActorHutch.Fakes;

namespace ActorHutch.Coordinator.Tests.CommandLine;

/// <summary>Bad input: exit code 2, everything that is wrong on standard error, nothing on standard output.</summary>
public class BadInputTests
{
    [Theory]
    [InlineData("--probes 0", "--probes 0: must be at least 1.")]
    [InlineData("--probes -5", "--probes -5: must be at least 1.")]
    [InlineData("--probes 1.5", "--probes 1.5: must be a whole number, at least 1.")]
    [InlineData("--probes 99999999999999999999", "--probes 99999999999999999999: must be a whole number, at least 1.")]
    [InlineData("--v-batch 0", "--v-batch 0: must be at least 1, or auto.")]
    [InlineData("--v-batch x", "--v-batch x: must be a whole number, at least 1, or auto.")]
    [InlineData("--matrix fisher", "--matrix fisher: must be hessian or ggn.")]
    [InlineData("--structure kfac", "--structure kfac: must be block or full.")]
    [InlineData("--method magic", "--method magic: must be auto, autodiff, hmp or quadratic.")]
    [InlineData("--probe-space input", "--probe-space input: must be auto, parameter, output or prediction.")]
    [InlineData("--distribution basis", "--distribution basis: must be rademacher or gaussian.")]
    [InlineData("--dtype float16", "--dtype float16: must be auto, float32 or float64.")]
    [InlineData("--relative-error 2", "--relative-error 2: must lie between 0 and 1, such as 0.01 for 1 %.")]
    [InlineData("--relative-error nan", "--relative-error NaN: must lie between 0 and 1, such as 0.01 for 1 %.")]
    [InlineData("--seed -1", "--seed -1: must be a whole number from 0 to 2^64 − 1.")]
    [InlineData("--device tpu", "--device tpu: must be auto, cpu, cuda or cuda:I with a GPU's number I.")]
    [InlineData("--workers 0", "--workers 0: must be at least 1.")]
    [InlineData("--threads 0", "--threads 0: must be at least 1.")]
    [InlineData("--memory-budget 1GO", "--memory-budget 1GO: must be bytes, at least 1 MiB, such as 536870912, 512MB, 512MiB or 4GiB.")]
    [InlineData("--model d --data d", "--model d: must be a file that can be read (the file cannot be read: there is no such file).")]
    [InlineData("--memory-budget 1", "--memory-budget 1: must be bytes, at least 1 MiB, such as 536870912, 512MB, 512MiB or 4GiB.")]
    [InlineData("--memory-budget 1KB", "--memory-budget 1000: must be bytes, at least 1 MiB, such as 536870912, 512MB, 512MiB or 4GiB.")]
    [InlineData("--log-level loud", "--log-level loud: must be debug, information, warning or error.")]
    [InlineData("--probes", "Required argument missing for option: '--probes'.")]
    [InlineData("--probes 5 exact", "--probes has no meaning for actorhutch exact.")]
    [InlineData("exact --probes 5", "Unrecognized command or argument '--probs'.", "--probs")]
    public async Task A_bad_value_is_named_with_what_would_be_right(string line, string problem, string? instead = null)
    {
        if (instead is not null) line = line.Replace("--probes", instead, StringComparison.Ordinal);
        var run = await Invocation.Of(line.Split(' '));

        Assert.Equal(2, run.Code);
        Assert.Equal("", run.Out);
        Assert.Equal(problem, run.ErrorLines[0]);
        Assert.Equal("See actorhutch --help.", run.ErrorLines[^1]);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everything_wrong_is_listed_at_once()
    {
        var run = await Invocation.Of(
            "estimate", "--probes", "0", "--matrix", "fisher", "--v-batch", "-3", "--workers", "0", "--threads", "x",
            "--device", "cuda:7", "--json");

        Assert.Equal(2, run.Code);
        Assert.Equal(
            ["--matrix", "--threads", "--v-batch", "--probes", "--workers"],
            run.ErrorLines.SkipLast(1).Select(line => line.Split(' ')[0]));
        Assert.Equal("", run.Out);
    }

    [Fact]
    public async Task A_device_that_is_not_there_is_listed_with_the_rest()
    {
        var run = await Invocation.Of("--probes", "0", "--device", "cuda");

        Assert.Equal(2, run.Code);
        Assert.Equal(["--probes", "--device"], run.ErrorLines.SkipLast(1).Select(line => line.Split(' ')[0]));
        Assert.Contains("no CUDA device", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_GPU_beyond_the_last_is_told_from_those_there_are()
    {
        var run = await Invocation.Of(new FakeReplicaFactory { CudaDeviceCount = 2 }, ["--device", "cuda:2"]);

        Assert.Equal(2, run.Code);
        Assert.Equal("--device cuda:2: must be cuda:0 to cuda:1, the devices there are.", run.ErrorLines[0]);
    }

    [Theory]
    [InlineData("--probs 10", "--probs: did you mean --probes?")]
    [InlineData("exat", "exat: did you mean exact?")]
    [InlineData("--see", "--see: did you mean --seed?")]
    [InlineData("--relative 0.1", "--relative: did you mean --relative-error?")]
    [InlineData("--min-worker=2", "--min-worker: did you mean --min-workers?")]
    public async Task A_typo_gets_a_suggestion(string line, string suggestion)
    {
        var run = await Invocation.Of(line.Split(' '));

        Assert.Equal(2, run.Code);
        Assert.Contains(suggestion, run.ErrorLines);
    }

    [Theory]
    [InlineData("--lr 0.1")]
    [InlineData("--xyz 3")]
    [InlineData("--epochs 3")]
    [InlineData("foo")]
    public async Task A_word_that_is_near_to_none_gets_no_suggestion(string line)
    {
        var run = await Invocation.Of(line.Split(' '));

        Assert.Equal(2, run.Code);
        Assert.DoesNotContain("did you mean", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Output_space_says_what_it_does_not_have()
    {
        var run = await Invocation.Of("--probe-space", "output", "--structure", "full", "--method", "hmp");

        Assert.Equal(2, run.Code);
        Assert.Equal(
            ["--method hmp: needs --probe-space parameter and --method auto: output space has no Hessian-vector products."], run.ErrorLines.SkipLast(1));
    }

    [Fact]
    public async Task A_job_that_the_replica_refuses_is_bad_input_too()
    {
        var factory = new FakeReplicaFactory
        {
            OnCheck = () => throw new Curvature.CurvatureException("The loss is NaN. Look at the weights."),
        };

        var run = await Invocation.Of(factory, ["--json"]);

        Assert.Equal((2, "", "The loss is NaN. Look at the weights."), (run.Code, run.Out, run.Error.TrimEnd()));
    }
}
