using System.CommandLine;
using System.Text.RegularExpressions;
using ActorHutch.Coordinator.CommandLine;
using ActorHutch.Coordinator.CommandLine.Help;
using ActorHutch.Fakes;
using ActorHutch.Shared.CommandLine.Help;

namespace ActorHutch.Coordinator.Tests.CommandLine;

/// <summary><c>--help</c> of every command.</summary>
public class HelpTests
{
    public static TheoryData<string> Commands => [.. HelpPages.Examples.Keys];

    [Fact]
    public void Every_command_has_a_page() => Assert.Equal(
        Program().Root.Subcommands.Select(command => command.Name).Append("").Order(), HelpPages.Examples.Keys.Order());

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Every_option_is_there_once_under_a_heading_with_its_default(string command)
    {
        var sections = HelpSections.Of(await Help(command));

        var options = CommandOf(command).Options.Select(option => option.Name).Append("--help").Distinct().Order();
        Assert.Equal(options, sections.Options.Select(option => option.Name).Order());
        Assert.DoesNotContain(HelpPage.OtherHeading, sections.Headings);
        Assert.All(sections.Options.Where(option => option.Heading != "Help"), option =>
            Assert.Matches(" (Default: |Required$)", option.Text));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task It_fits_into_eighty_columns(string command)
    {
        Assert.All((await Help(command)).Split('\n'), line =>
        {
            Assert.True(line.Length <= 80, line);
            Assert.Equal(line.TrimEnd(), line);
            Assert.DoesNotContain(line, char.IsControl);
        });
    }

    [Theory]
    [InlineData(60)]
    [InlineData(50)]
    public void On_a_narrow_terminal_it_fits_too_but_for_command_lines_to_copy(int columns)
    {
        foreach (var page in Program().Pages)
        {
            using var output = new StringWriter();
            new HelpText(output, bold: false, columns).Write(page);
            var examples = page.Examples.Select(example => $"  {example.Line}").ToHashSet();
            Assert.All(output.ToString().ReplaceLineEndings("\n").Split('\n').Where(line => !examples.Contains(line)), line => Assert.InRange(line.Length, 0, columns));
        }
    }

    [Fact]
    public async Task The_documents_that_it_names_are_in_the_repository()
    {
        string help = (await Help("")).ReplaceLineEndings("\n");
        string documents = help[help.IndexOf("\nDocuments\n", StringComparison.Ordinal)..];

        var named = Regex.Matches($"{documents} {GpuWorker.CommandLine.WorkerCommand.Documents}", @"[\w/-]+\.md").Select(name => name.Value).ToArray();

        Assert.Contains("docs/cluster.md", named);
        Assert.All(named, name => Assert.True(File.Exists(Repository.File(name)), name));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Its_examples_are_command_lines_of_that_command(string command)
    {
        string help = await Help(command);
        var program = Program();

        Assert.Equal(2, HelpPages.Examples[command].Length);
        Assert.All(HelpPages.Examples[command], example =>
        {
            Assert.Contains($"\n  {example.Line}\n", help, StringComparison.Ordinal);
            var parsed = program.Root.Parse(example.Line.Split(' ')[1..]);
            Assert.Empty(parsed.Errors);
            Assert.Empty(program.Read(parsed).Problems);
            Assert.Equal(CommandOf(command).Name, parsed.CommandResult.Command.Name);
        });
    }

    [Fact]
    public async Task It_wins_over_what_is_wrong()
    {
        var run = await Invocation.Of("exact", "--probs", "5", "--help");

        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.StartsWith("Computes the exact trace", run.Out, StringComparison.Ordinal);
    }

    private static ActorHutchCommand Program() => new(new Terminal(TextWriter.Null, TextWriter.Null), new FakeReplicaFactory());

    private static Command CommandOf(string name) =>
        name.Length == 0 ? Program().Root : Program().Root.Subcommands.Single(command => command.Name == name);

    private static async Task<string> Help(string command)
    {
        var run = await Invocation.Of([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);
        Assert.Equal((0, ""), (run.Code, run.Error));
        return run.Out.ReplaceLineEndings("\n");
    }
}
