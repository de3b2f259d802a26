using System.Text.Json;
using System.Text.RegularExpressions;

namespace ActorHutch.Process.Tests;

/// <summary>The program on a terminal of its own: what it writes there, letter by letter.</summary>
public sealed partial class TerminalTests : IDisposable
{
    private const string HideCursor = "\u001b[?25l", ShowCursor = "\u001b[?25h";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("terminal");

    private string Beside => Path.Combine(_folder.FullName, "out");

    private string Process => Path.Combine(_folder.FullName, "process");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task It_shows_how_far_the_job_is_and_leaves_head_and_result()
    {
        string screen = await SeenAndInterrupted("", "");

        Assert.Contains("The trace of the Hessian of mnist-example", screen, StringComparison.Ordinal);
        Assert.Matches("─+", screen);
        Assert.Matches(@"\d[\d,]* of 6,000,000 probes", screen);
        Assert.Contains("worker-1", screen, StringComparison.Ordinal);
        Assert.Matches(Color(), screen);
        Assert.Contains(HideCursor, screen, StringComparison.Ordinal);
        Assert.True(screen.LastIndexOf(ShowCursor, StringComparison.Ordinal) > screen.LastIndexOf(HideCursor, StringComparison.Ordinal));
        // The result comes last, where the view was.
        Assert.True(screen.LastIndexOf("interrupted after", StringComparison.Ordinal) > screen.LastIndexOf("so far", StringComparison.Ordinal));
    }

    [Fact]
    public async Task With_JSON_for_a_file_the_view_stays_on_the_terminal()
    {
        string screen = await SeenAndInterrupted("", $"--json > {Beside}");

        Assert.DoesNotContain("\"trace\"", screen, StringComparison.Ordinal);
        using var report = JsonDocument.Parse(File.ReadAllText(Beside));
        Assert.True(report.RootElement.GetProperty("interrupted").GetBoolean());
    }

    [Fact]
    public async Task Who_wants_no_colours_gets_none() =>
        Assert.DoesNotMatch(Color(), await SeenAndInterrupted("NO_COLOR=1", ""));

    [Theory]
    [InlineData("TERM=dumb", "")]
    [InlineData("", "--quiet")]
    public async Task Where_nothing_can_or_should_be_drawn_nothing_is(string environment, string options)
    {
        string screen = await Whole(environment, options);

        Assert.DoesNotContain("so far", screen, StringComparison.Ordinal);
        Assert.DoesNotContain(HideCursor, screen, StringComparison.Ordinal);
        Assert.Contains("12.5", screen, StringComparison.Ordinal);
        if (options != "--quiet") Assert.DoesNotContain('\u001b', screen);
    }

    [Fact]
    public async Task In_a_pipe_there_are_no_control_characters()
    {
        string screen = await Whole("", $"2>&1 | cat > {Beside}");

        Assert.DoesNotContain("12.5", screen, StringComparison.Ordinal);
        string piped = File.ReadAllText(Beside);
        Assert.Contains("standard error, 6,000 probes", piped, StringComparison.Ordinal);
        Assert.DoesNotContain(piped, letter => char.IsControl(letter) && letter != '\n');
    }

    /// <summary>A job that would take an hour or so, interrupted once it was seen to be drawn: the machine's speed does not matter.</summary>
    private async Task<string> SeenAndInterrupted(string environment, string after)
    {
        await using var terminal = Start(environment, after, "6000000");
        await terminal.OutputsAsync("so far");
        // Not SIGINT, which a process in the background may have been born to ignore.
        await using var kill = ProgramRun.StartFile("kill", "-TERM", File.ReadAllText(Process).Trim());
        Assert.Equal(130, await terminal.ExitAsync());
        return terminal.Output;
    }

    /// <summary>A job that takes some seconds, so that there would be time to draw.</summary>
    private async Task<string> Whole(string environment, string after)
    {
        await using var terminal = Start(environment, after, "6000");
        Assert.Equal(0, await terminal.ExitAsync());
        return terminal.Output;
    }

    /// <summary>The program on a terminal of 100 columns.</summary>
    private ProgramRun Start(string environment, string after, string probes)
    {
        if (!File.Exists("/usr/bin/script")) Assert.Skip("There is no /usr/bin/script, which makes a terminal.");
        return ProgramRun.StartFile(
            "env", "-u", "NO_COLOR", "TERM=xterm-256color", "/usr/bin/script", "--quiet", "--flush", "--return", "--command",
            $"stty cols 100 rows 40; {environment} sh -c 'echo $$ > {Process}; exec \"$0\" \"$@\"' {ProgramRun.PathOf("actorhutch")} "
            + $"--method autodiff --v-batch 20 --workers 1 --device cpu --probes {probes} {after}",
            "/dev/null");
    }

    [GeneratedRegex("\u001b\\[[0-9;]*(3[0-9]|9[0-9])[0-9;]*m")]
    private static partial Regex Color();
}
