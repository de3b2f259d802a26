using System.Text.Json;
using System.Text.RegularExpressions;

namespace ActorHutch.Process.Tests;

/// <summary>The program on a terminal of its own: what it writes there, letter by letter.</summary>
public sealed partial class TerminalTests : IDisposable
{
    private const string HideCursor = "\u001b[?25l", ShowCursor = "\u001b[?25h";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("terminal");

    private string Beside => Path.Combine(_folder.FullName, "out");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task It_shows_how_far_the_job_is_and_leaves_head_and_result()
    {
        string screen = await Run("", "");

        Assert.Contains("The trace of the Hessian of mnist-example", screen, StringComparison.Ordinal);
        Assert.Matches(@"━+.*─+", screen);
        Assert.Matches(@"\d[\d,]* of 6,000 probes", screen);
        Assert.Contains("worker-1", screen, StringComparison.Ordinal);
        Assert.Equal(screen.Split(HideCursor).Length, screen.Split(ShowCursor).Length);
        Assert.True(screen.LastIndexOf(ShowCursor, StringComparison.Ordinal) > screen.LastIndexOf(HideCursor, StringComparison.Ordinal));
        Assert.Matches(Color(), screen);
        // The result comes last, where the view was.
        Assert.True(screen.LastIndexOf("standard error, 6,000 probes", StringComparison.Ordinal) > screen.LastIndexOf("so far", StringComparison.Ordinal));
        Assert.Contains("so far", screen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_JSON_for_a_file_the_view_stays_on_the_terminal()
    {
        string screen = await Run("", $"--json > {Beside}");

        Assert.Contains("so far", screen, StringComparison.Ordinal);
        Assert.DoesNotContain("\"trace\"", screen, StringComparison.Ordinal);
        using var report = JsonDocument.Parse(File.ReadAllText(Beside));
        Assert.Equal(6000, report.RootElement.GetProperty("probes").GetInt32());
    }

    [Fact]
    public async Task Who_wants_no_colours_gets_none()
    {
        string screen = await Run("NO_COLOR=1", "");

        Assert.Contains("so far", screen, StringComparison.Ordinal);
        Assert.DoesNotMatch(Color(), screen);
    }

    [Theory]
    [InlineData("TERM=dumb", "")]
    [InlineData("", "--quiet")]
    public async Task Where_nothing_can_or_should_be_drawn_nothing_is(string environment, string options)
    {
        string screen = await Run(environment, options);

        Assert.DoesNotContain("so far", screen, StringComparison.Ordinal);
        Assert.DoesNotContain(HideCursor, screen, StringComparison.Ordinal);
        Assert.Contains("12.5", screen, StringComparison.Ordinal);
        if (options != "--quiet") Assert.DoesNotContain('\u001b', screen);
    }

    [Fact]
    public async Task In_a_pipe_there_are_no_control_characters()
    {
        string screen = await Run("", $"2>&1 | cat > {Beside}");

        Assert.DoesNotContain("12.5", screen, StringComparison.Ordinal);
        string piped = File.ReadAllText(Beside);
        Assert.Contains("standard error, 6,000 probes", piped, StringComparison.Ordinal);
        Assert.DoesNotContain(piped, letter => char.IsControl(letter) && letter != '\n');
    }

    [Fact]
    public async Task Interrupted_it_gives_the_cursor_back()
    {
        await using var terminal = Start($"sh -c 'echo $$ > {Beside}; exec \"$0\" \"$@\"'", "", "600000");
        while (!terminal.Output.Contains("so far", StringComparison.Ordinal)) await Task.Delay(100, TestContext.Current.CancellationToken);

        await using var kill = ProgramRun.StartFile("kill", "-INT", File.ReadAllText(Beside).Trim());
        await terminal.ExitAsync();

        string screen = terminal.Output;
        Assert.Contains("interrupted after", screen, StringComparison.Ordinal);
        Assert.True(screen.LastIndexOf(ShowCursor, StringComparison.Ordinal) > screen.LastIndexOf(HideCursor, StringComparison.Ordinal));
    }

    private static async Task<string> Run(string environment, string after)
    {
        await using var terminal = Start($"env {environment}", after, "6000");
        await terminal.ExitAsync();
        return terminal.Output;
    }

    /// <summary>A terminal of 100 columns. The job takes some seconds, and nobody needs to know how many.</summary>
    private static ProgramRun Start(string before, string after, string probes)
    {
        if (!File.Exists("/usr/bin/script")) Assert.Skip("There is no /usr/bin/script, which makes a terminal.");
        return ProgramRun.StartFile(
            "env", "-u", "NO_COLOR", "TERM=xterm-256color", "/usr/bin/script", "--quiet", "--flush", "--command",
            $"stty cols 100 rows 40; {before} {ProgramRun.PathOf("actorhutch")} --method autodiff --v-batch 20 --workers 1 --device cpu --probes {probes} {after}",
            "/dev/null");
    }

    [GeneratedRegex("\u001b\\[[0-9;]*(3[0-9]|9[0-9])[0-9;]*m")]
    private static partial Regex Color();
}
