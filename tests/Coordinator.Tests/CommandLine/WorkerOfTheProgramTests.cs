using ActorHutch.Fakes;
using ActorHutch.GpuWorker.CommandLine;

namespace ActorHutch.Coordinator.Tests.CommandLine;

/// <summary><c>actorhutch worker</c>, held against the program <c>actorhutch-worker</c>.</summary>
public sealed class WorkerOfTheProgramTests
{
    [Theory]
    [InlineData("")]
    [InlineData("--seed-nodes host --threads 0")]
    [InlineData("--seed-nodes a:1 --device cuda")]
    [InlineData("--seed-nodes a:1 --untill-job-done")]
    [InlineData("--seed-nodes a:1 --listen 0.0.0.0:0 --insecure")]
    public async Task What_is_wrong_is_said_in_the_same_words(string line)
    {
        var program = await Program(line);
        var command = await Command(line);

        Assert.Equal(2, program.Code);
        Assert.Equal(program with { Error = program.Error.Replace("actorhutch-worker", "actorhutch worker", StringComparison.Ordinal) }, command);
        Assert.Equal("See actorhutch worker --help.", command.ErrorLines[^1]);
    }

    [Fact]
    public async Task Help_has_the_same_options_and_the_name_that_is_typed()
    {
        var program = await Program("--help");
        var command = await Command("--help");

        string[] expected = program.Out.Replace("actorhutch-worker", "actorhutch worker", StringComparison.Ordinal).ReplaceLineEndings("\n").Split('\n');
        Assert.Equal(expected.Where(line => !line.Contains("--version", StringComparison.Ordinal)), command.Out.ReplaceLineEndings("\n").Split('\n'));
        Assert.Contains("\n  actorhutch worker [options]\n", command.Out.ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_search_in_vain_ends_with_the_same_code()
    {
        const string Nobody = "--seed-nodes 127.0.0.1:1 --device cpu --join-timeout 1 --log-level error";

        var program = await Program(Nobody);
        var command = await Command(Nobody);

        Assert.Equal(3, program.Code);
        Assert.Equal(program, command);
        Assert.StartsWith("No coordinator was found", command.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_job_s_options_are_refused_before_and_after_its_name()
    {
        var before = await Invocation.Of("--probes", "5", "--listen", "a:1", "worker", "--seed-nodes", "a:1");
        var after = await Command("--seed-nodes a:1 --min-workers 2");

        Assert.Equal(2, before.Code);
        Assert.Equal(
            ["--listen: the options of worker come after its name.", "--probes: the options of worker come after its name."],
            before.ErrorLines.SkipLast(1).Order(StringComparer.Ordinal));
        Assert.Equal(2, after.Code);
        Assert.Contains(after.ErrorLines, line => line.StartsWith("--min-workers: worker does not take it; ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("actorhutch wor", "worker --workers --min-workers")]
    [InlineData("actorhutch worker --until", "--until-job-done")]
    [InlineData("actorhutch worker --device c", "cpu cuda")]
    public async Task Its_words_and_options_are_completed(string line, string words)
    {
        var run = await Invocation.Of("[suggest]", line);

        Assert.Equal(words.Split(' '), run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static Task<Invocation> Command(string line) => Invocation.Of(["worker", .. Words(line)]);

    private static async Task<Invocation> Program(string line)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = await new WorkerCommand(new FakeReplicaFactory(), output, error).RunAsync(Words(line), TestContext.Current.CancellationToken);
        return new Invocation(code, output.ToString(), error.ToString());
    }

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
