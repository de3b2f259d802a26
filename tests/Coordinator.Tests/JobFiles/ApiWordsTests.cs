using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Shared.Options;

namespace ActorHutch.Coordinator.Tests.JobFiles;

/// <summary>The library's messages name its API, and the program's the options.</summary>
public sealed class ApiWordsTests
{
    [Theory]
    [InlineData("Use CurvatureMethod.Autodiff.", "Use --method autodiff.")]
    [InlineData("Use ProbeSpace.Parameter, or BlockStructure.Block (the trace is the same).", "Use --probe-space parameter, or --structure block (the trace is the same).")]
    [InlineData("say DatasetOptions.Scale 1/255 (ignoreIndex)", "say --scale 1/255 (--ignore-index)")]
    [InlineData("the file ProbeSpace.Parameter.npy, CurvatureMethod.Autodiffs and x.classDimension", "the file ProbeSpace.Parameter.npy, CurvatureMethod.Autodiffs and x.classDimension")]
    public void A_message_says_what_the_command_line_says(string message, string said) => Assert.Equal(said, ApiWords.ToOptions(message));

    [Fact]
    public void What_is_said_is_an_option_and_a_value_of_it()
    {
        foreach (string said in ApiWords.Said)
        {
            string[] words = said.Split(' ');
            var entry = JobOptions.All.Single(entry => "--" + entry.Name == words[0]);
            if (words.Length > 1) Assert.NotNull(entry.Read(JobDocument.Default, words[1]));
        }
    }

    [Fact]
    public void The_library_says_no_option()
    {
        var lines = Directory.EnumerateFiles(Repository.File("src/Curvature"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(File.ReadLines).Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal));

        Assert.DoesNotContain(lines, line => System.Text.RegularExpressions.Regex.IsMatch(line, @"""[^""]*--[a-z]"));
    }
}
