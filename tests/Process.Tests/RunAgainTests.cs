using System.Net;
using System.Text.RegularExpressions;
using ActorHutch.Fakes;

namespace ActorHutch.Process.Tests;

/// <summary>The commands that a report's page has for running it again, as they stand there.</summary>
public sealed partial class RunAgainTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("actorhutch again ");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("report")]
    [InlineData("my reports/of today's")]
    public async Task A_page_runs_again_beside_itself_from_where_it_was_started_and_from_its_own_folder(string name)
    {
        using (var files = new ModelFiles()) files.CopyTo(_folder.FullName);
        string first = Path.Combine(_folder.FullName, name);
        await Run(".", $"actorhutch --model model.json --weights weights.safetensors --data data.safetensors --probes 40 --workers 1 --device cpu --out {Quoted(name)} --dashboard 127.0.0.1:0");
        string[] commands = CommandsOf(first);

        string second = await Run(".", commands[0]);
        string third = await Run(name, commands[1]);
        string fourth = await Run(name + "-3", CommandsOf(first + "-3")[1]);

        string[] all = [first, first + "-2", first + "-3", first + "-4"];
        Assert.Equal(all, Directory.GetDirectories(Path.GetDirectoryName(first)!).Order());
        Assert.All(all, folder => Assert.Equal(File.ReadAllText(Path.Combine(first, "probes.csv")), File.ReadAllText(Path.Combine(folder, "probes.csv"))));
        Assert.All((string[])[second, third, fourth], log => Assert.DoesNotContain("dashboard", log, StringComparison.Ordinal));
        Assert.DoesNotContain(first, Directory.GetDirectories(first));
    }

    private static string[] CommandsOf(string folder) =>
        [.. Codes().Matches(File.ReadAllText(Path.Combine(folder, "report.html"))).Select(match => WebUtility.HtmlDecode(match.Groups[1].Value))];

    /// <summary>Runs a line of a shell in a folder; returns what the program logs.</summary>
    private async Task<string> Run(string folder, string command)
    {
        const string Program = "actorhutch ";
        Assert.StartsWith(Program, command, StringComparison.Ordinal);
        await using var run = ProgramRun.StartFile(
            "sh", "-c", $"cd \"$1\" && exec \"$0\" {command[Program.Length..]}", ProgramRun.PathOf("actorhutch"), Path.Combine(_folder.FullName, folder));
        Assert.Equal(0, await run.ExitAsync());
        return string.Join('\n', run.Log);
    }

    private static string Quoted(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    [GeneratedRegex("<code>(actorhutch [^<]*)</code>")]
    private static partial Regex Codes();
}
