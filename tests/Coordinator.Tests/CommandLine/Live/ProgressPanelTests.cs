using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.CommandLine.Live;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Shared.Jobs;
using Spectre.Console;

namespace ActorHutch.Coordinator.Tests.CommandLine.Live;

/// <summary>What a terminal shows while a job runs, letter by letter.</summary>
public class ProgressViewTests
{
    [Fact]
    public void A_bar_what_is_known_and_a_line_a_worker()
    {
        var state = LiveJob.State(3, ready: 2).AfterAChunkOf(1);

        Assert.Equal(
            [
                "  ━━━━━━━━━━━━━━━━━─────────────────────────────────────────────────────  25 %",
                "",
                "  done      2,500 of 10,000 probes   41.7/s",
                "  trace     12.00 ± 0.50",
                "  time      3 min left, 60 s so far",
                "",
                "  worker    device  state      chunks  probes/s",
                "  worker-1  cpu     computing       1       100",
                "  worker-2  cpu     computing       0         –",
                "  worker-3  cpu     preparing       0         –",
            ],
            View(LiveJob.Quarter(state), 80));
    }

    [Fact]
    public void Of_many_workers_the_first_and_what_the_others_are_at()
    {
        var state = LiveJob.State(100, ready: 97).Without(50);

        string[] view = View(LiveJob.Quarter(state), 100);

        Assert.Equal("  worker-8  cpu     computing       0         –", view[^2]);
        Assert.Equal("  … and 92 more: 88 computing, 1 lost, 3 preparing", view[^1]);
        Assert.Equal(6 + 1 + 8 + 1, view.Length);
    }

    [Fact]
    public void A_low_terminal_gets_fewer_workers()
    {
        string[] view = LiveJob.Render(
            ProgressPanel.Of(null, LiveJob.Quarter(LiveJob.State(8)), new Size(80, 13)), 80);

        Assert.True(view.Length < 13);
        Assert.StartsWith("  … and ", view[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(40)]
    [InlineData(55)]
    [InlineData(80)]
    [InlineData(100)]
    [InlineData(140)]
    public void No_line_wraps(int width)
    {
        string[] view = View(LiveJob.Quarter(LiveJob.State(20)), width);

        Assert.Equal(6 + 1 + 8 + 1, view.Length);
        Assert.EndsWith(" 25 %", view[0], StringComparison.Ordinal);
        Assert.Equal(width < 56, !view[6].Contains("chunks", StringComparison.Ordinal));
    }

    [Fact]
    public void With_a_target_it_says_how_far_the_interval_is_from_it()
    {
        var state = LiveJob.State(1, spec: new JobSpec { Probes = 10_000, RelativeError = 0.01 });

        Assert.Contains("  target    ± 53 % of the trace, to be ± 1.0 %", View(LiveJob.Quarter(state), 80));
    }

    [Fact]
    public void An_exact_trace_counts_basis_vectors_and_one_of_several_jobs_has_a_title()
    {
        var state = LiveJob.State(1, spec: new JobSpec { Estimator = Estimator.Exact });
        var progress = new JobProgress(10, 30, TimeSpan.FromSeconds(1), null) { State = state };

        string[] view = LiveJob.Render(ProgressPanel.Of("The exact trace", progress, new Size(80, 40)), 80);

        Assert.Equal("  The exact trace", view[0]);
        Assert.Contains("  done      10 of 30 basis vectors   10.0/s", view);
        Assert.DoesNotContain(view, line => line.Contains("trace  ", StringComparison.Ordinal));
    }

    [Fact]
    public void Before_the_first_chunk_it_says_who_is_waited_for()
    {
        Assert.Equal(
            ["  Waiting for 3 workers, for up to 30 s"],
            LiveJob.Render(WaitingPanel.Of(LiveJob.State(0, minWorkers: 3), new Size(80, 40)), 80));
        Assert.Equal(
            [
                "  Preparing: 1 of 3 workers ready", "", "  worker    device  state      chunks  probes/s",
                "  worker-1  cpu     waiting         0         –", "  worker-2  cpu     preparing       0         –",
            ],
            LiveJob.Render(WaitingPanel.Of(LiveJob.State(2, ready: 1, minWorkers: 3), new Size(80, 40)), 80));
    }

    private static string[] View(JobProgress progress, int width) =>
        LiveJob.Render(ProgressPanel.Of(null, progress, new Size(width, 40)), width);
}
