using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.CommandLine;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Operators;

namespace ActorHutch.Coordinator.Tests.CommandLine;

public class OnlookerTests
{
    [Fact]
    public void Progress_says_how_much_is_done_what_it_says_so_far_and_how_long_it_will_take()
    {
        var accumulator = new TraceAccumulator([]);
        accumulator.Add(new ProbeValues(0, 1, [11.5, 12.5]));

        Assert.Equal(
            "  2,500 of 10,000 probes, 12.00 ± 0.50, 3 min left",
            Onlooker.Line(new JobProgress(2500, 10_000, TimeSpan.FromSeconds(60), accumulator.Estimate())));
        Assert.Equal(
            "  0 of 30 probes", Onlooker.Line(new JobProgress(0, 30, TimeSpan.FromSeconds(1), null)));
    }

    [Fact]
    public void A_file_gets_no_progress()
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var onlooker = new Onlooker(new Terminal(output, error), null, 1);

        onlooker.Progressed(new JobProgress(1, 2, TimeSpan.FromSeconds(1), null));
        onlooker.Clear();

        Assert.Equal("", error.ToString());
    }

    [Fact]
    public void A_terminal_gets_it_in_one_line_that_goes_away()
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var onlooker = new Onlooker(new Terminal(output, error) { ShowsProgress = true }, null, 1);

        onlooker.Progressed(new JobProgress(1, 2, TimeSpan.FromSeconds(1), null));
        onlooker.Clear();
        onlooker.Clear();

        Assert.Equal("\r\u001b[K  1 of 2 probes, 1 s left\r\u001b[K", error.ToString());
    }
}
