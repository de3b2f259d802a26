namespace ActorHutch.Coordinator.Tests.CommandLine;

/// <summary>What a shell is told that asks how a command line may go on.</summary>
public sealed class CompletionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("actorhutch --method ", "auto autodiff hmp quadratic")]
    [InlineData("actorhutch exact --method h", "hmp")]
    [InlineData("actorhutch --probes 5 --dtype float", "float32 float64")]
    [InlineData("actorhutch --loss ", "auto bce bce-of-probabilities cross-entropy huber kl-div l1 mse nll smooth-l1")]
    [InlineData("actorhutch --log-format ", "json text")]
    [InlineData("actorhutch --log-level ", "debug error information warning")]
    [InlineData("actorhutch compare --device ", "auto cpu cuda")]
    [InlineData("actorhutch --stru", "--structure")]
    [InlineData("actorhutch com", "compare")]
    public async Task Words_and_options_are_completed(string line, string words)
    {
        Assert.Equal(words.Split(' '), await Ask($"[suggest:{line.Length}]", line));
        Assert.Equal(words.Split(' '), await Ask("[suggest]", line));
    }

    [Fact]
    public async Task So_are_files()
    {
        string start = _folder.Write("job.json", "{}")[..^3];

        Assert.Equal([start + "son"], await Ask("[suggest]", $"actorhutch --job {start}"));
    }

    private static async Task<string[]> Ask(string directive, string line)
    {
        var run = await Invocation.Of(directive, line);
        Assert.Equal((0, ""), (run.Code, run.Error));
        return run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
