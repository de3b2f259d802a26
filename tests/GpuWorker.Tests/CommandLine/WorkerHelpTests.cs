using ActorHutch.Fakes;
using ActorHutch.GpuWorker.CommandLine;
using ActorHutch.Shared.CommandLine.Help;

namespace ActorHutch.GpuWorker.Tests.CommandLine;

/// <summary><c>actorhutch-worker --help</c>, and what a shell completes.</summary>
public class WorkerHelpTests
{
    [Fact]
    public async Task Every_option_is_there_once_under_a_heading_with_its_default_or_required()
    {
        var sections = HelpSections.Of(await Run("--help"));

        Assert.Equal(Program().Command.Options.Select(option => option.Name).Order(), sections.Options.Select(option => option.Name).Order());
        Assert.DoesNotContain(HelpPage.OtherHeading, sections.Headings);
        Assert.All(sections.Options.Where(option => option.Heading != "Help"), option =>
            Assert.Matches(" (Default: |Required$)", option.Text));
        Assert.EndsWith("Required", sections.Options.Single(option => option.Name == "--seed-nodes").Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_fits_into_eighty_columns() =>
        Assert.All((await Run("--help")).ReplaceLineEndings("\n").Split('\n'), line => Assert.True(line.Length <= 80, line));

    [Fact]
    public async Task Its_examples_are_command_lines()
    {
        string help = (await Run("--help")).ReplaceLineEndings("\n");

        var examples = WorkerCommand.Examples("actorhutch-worker");
        Assert.Equal(2, examples.Length);
        Assert.All(examples, example =>
        {
            Assert.Contains($"\n  {example.Line}\n", help, StringComparison.Ordinal);
            var program = Program();
            var parsed = program.Command.Parse(example.Line.Split(' ')[1..]);
            Assert.Empty(parsed.Errors);
            Assert.Empty(program.Read(parsed).Problems);
        });
    }

    [Theory]
    [InlineData("actorhutch-worker --log-format ", "json text")]
    [InlineData("actorhutch-worker --device c", "cpu cuda")]
    [InlineData("actorhutch-worker --until", "--until-job-done")]
    public async Task Words_and_options_are_completed(string line, string words) =>
        Assert.Equal(words.Split(' '), (await Run("[suggest]", line)).Split('\n', StringSplitOptions.RemoveEmptyEntries));

    private static WorkerCommand Program() => new(new FakeReplicaFactory(), TextWriter.Null, TextWriter.Null);

    private static async Task<string> Run(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        Assert.Equal(0, await new WorkerCommand(new FakeReplicaFactory(), output, error)
            .RunAsync(arguments, TestContext.Current.CancellationToken));
        Assert.Equal("", error.ToString());
        return output.ToString();
    }
}
