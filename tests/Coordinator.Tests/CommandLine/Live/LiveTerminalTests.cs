using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.CommandLine;
using ActorHutch.Coordinator.CommandLine.Live;
using ActorHutch.Fakes;
using Spectre.Console;
using Spectre.Console.Testing;

namespace ActorHutch.Coordinator.Tests.CommandLine.Live;

/// <summary>The program on a terminal, as that gets it.</summary>
public sealed class LiveTerminalTests : IDisposable
{
    private const string HideCursor = "\u001b[?25l", ShowCursor = "\u001b[?25h", EraseBelow = "\u001b[J";

    private readonly TestConsole _screen = new TestConsole().Size(new Size(100, 40)).Interactive().EmitAnsiSequences();
    private readonly StringWriter _output = new();

    public void Dispose()
    {
        _screen.Dispose();
        _output.Dispose();
    }

    [Fact]
    public void What_is_drawn_goes_away_and_the_cursor_comes_back()
    {
        var live = new LiveProgress(_screen, TimeSpan.Zero);

        live.Show(null, LiveJob.Quarter());
        live.Show(null, LiveJob.Quarter());
        Assert.Contains(HideCursor, _screen.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(ShowCursor, _screen.Output, StringComparison.Ordinal);
        live.Clear();
        live.Clear();

        Assert.EndsWith(ShowCursor, _screen.Output.TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_short_job_is_not_drawn()
    {
        var live = new LiveProgress(_screen, TimeSpan.FromSeconds(2));

        live.Show(null, new JobProgress(1, 2, TimeSpan.FromSeconds(1.9), null));
        Assert.Equal("", _screen.Output);
        live.Show(null, new JobProgress(1, 2, TimeSpan.FromSeconds(2), null));
        live.Clear();

        Assert.Contains("2 s so far", _screen.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void It_can_be_drawn_again()
    {
        var live = new LiveProgress(_screen, TimeSpan.Zero);

        for (int i = 0; i < 3; i++)
        {
            live.Show($"job {i}", LiveJob.Quarter());
            live.Clear();
        }

        Assert.Equal(3, _screen.Output.Split(ShowCursor).Length - 1);
    }

    [Fact]
    public void A_line_of_the_log_goes_above_what_is_drawn()
    {
        var live = new LiveProgress(_screen, TimeSpan.Zero);
        using var log = new ScreenWriter(_screen);
        live.Show("what runs", LiveJob.Quarter());
        int before = _screen.Output.Length;

        log.Write("a line of ");
        Assert.Equal(before, _screen.Output.Length);
        log.WriteLine("the log");
        live.Clear();

        string after = _screen.Output[before..];
        Assert.Contains($"a line of the log{EraseBelow}\n", after, StringComparison.Ordinal);
        Assert.True(
            after.IndexOf("the log", StringComparison.Ordinal) < after.IndexOf("what runs", StringComparison.Ordinal));
    }

    [Fact]
    public void A_long_line_is_not_cut_into_two()
    {
        using var log = new ScreenWriter(_screen);

        log.WriteLine(new string('x', 300));

        Assert.Contains(new string('x', 300), _screen.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_slow_job_is_shown_while_it_runs_and_the_result_stands_alone_on_standard_output()
    {
        await Run(["--probes", "450", "--workers", "1"], Slow);

        Assert.Contains("  quadratic (the fake has one)", _output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("so far", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains("so far", _screen.Output, StringComparison.Ordinal);
        Assert.Contains("worker-1", _screen.Output, StringComparison.Ordinal);
        Assert.EndsWith(ShowCursor, _screen.Output.TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_a_document_on_standard_output_the_head_goes_to_the_terminal()
    {
        await Run(["--probes", "450", "--workers", "1", "--json"], Slow);

        Assert.StartsWith("{", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains("The trace of the Hessian of fake", _screen.Output, StringComparison.Ordinal);
        Assert.Contains("so far", _screen.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--quiet")]
    [InlineData("--json --quiet")]
    [InlineData("--log-format json")]
    public async Task Who_wants_nothing_drawn_gets_nothing(string options)
    {
        await Run(["--probes", "450", "--workers", "1", .. options.Split(' ')], Slow);

        Assert.Equal("", _screen.Output);
    }

    [Fact]
    public async Task Without_colours_there_are_none()
    {
        _screen.Profile.Capabilities.ColorSystem = ColorSystem.NoColors;
        await Run(["--probes", "450", "--workers", "1", "--json", "--log-level", "information"], Slow);

        Assert.Contains("INF Worker worker-1 on cpu registered", _screen.Output, StringComparison.Ordinal);
        Assert.DoesNotMatch("\u001b\\[[0-9;]*(3[0-9]|9[0-9])[0-9;]*m", _screen.Output);
    }

    [Fact]
    public async Task An_interrupted_job_leaves_the_cursor_where_it_belongs()
    {
        using var interrupt = new CancellationTokenSource();
        int evaluated = 0;
        await Run(["--probes", "3000", "--workers", "1"], cancellation =>
        {
            Slow(cancellation);
            if (++evaluated == 9) interrupt.Cancel();
        }, interrupt.Token);

        // Only the line that says how to go on comes after it.
        string end = _screen.Output[(_screen.Output.LastIndexOf(ShowCursor, StringComparison.Ordinal) + ShowCursor.Length)..];
        Assert.DoesNotContain(HideCursor, end, StringComparison.Ordinal);
        Assert.Contains("the same command continues after an interruption", end, StringComparison.Ordinal);
        Assert.Contains("interrupted after", _output.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Nine chunks of it take nearly twice as long as it takes until progress is shown.</summary>
    private static void Slow(CancellationToken cancellation) => cancellation.WaitHandle.WaitOne(200);

    private async Task Run(string[] arguments, Action<CancellationToken> onEvaluate, CancellationToken? interrupt = null)
    {
        var replicas = new FakeReplicaFactory { OnEvaluate = (_, _, cancellation) => onEvaluate(cancellation) };
        using var error = new ScreenWriter(_screen);
        await new ActorHutchCommand(new Terminal(_output, error) { Screen = _screen, Patience = TimeSpan.Zero }, replicas)
            .RunAsync(arguments, interrupt ?? TestContext.Current.CancellationToken);
    }
}
