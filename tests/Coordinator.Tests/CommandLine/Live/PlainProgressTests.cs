using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.CommandLine.Live;
using ActorHutch.Coordinator.Reports;

namespace ActorHutch.Coordinator.Tests.CommandLine.Live;

/// <summary>Progress in a pipe.</summary>
public class PlainProgressTests
{
    [Fact]
    public void A_line_says_how_much_is_done_what_it_says_so_far_and_how_long_it_will_take()
    {
        Assert.Equal(
            "2,500 of 10,000 probes, 12.00 ± 0.50, 41.7/s, 3 min left", PlainProgress.Line(null, LiveJob.Quarter()));
        Assert.Equal(
            "3 of 9: 0 of 30 probes",
            PlainProgress.Line("3 of 9", new JobProgress(0, 30, TimeSpan.FromSeconds(1), null)));
    }

    [Fact]
    public void A_short_job_says_nothing_and_a_long_one_little()
    {
        using var writer = new StringWriter();
        var progress = new PlainProgress(writer);

        for (int second = 1; second < 10; second++) progress.Show(null, After(second));
        Assert.Equal("", writer.ToString());

        for (int second = 10; second <= 3600; second++) progress.Show(null, After(second));
        string text = writer.ToString();
        Assert.InRange(text.Count(character => character == '\n'), 30, 60);
        Assert.DoesNotContain(text, character => char.IsControl(character) && character is not ('\n' or '\r'));
    }

    [Fact]
    public void Milestones_are_a_tenth_apart_and_never_closer_than_asked()
    {
        var milestones = new Milestones(TimeSpan.FromSeconds(1));

        double[] reached = [.. Enumerable.Range(1, 400).Select(i => i / 2.0).Where(at => milestones.Reached(TimeSpan.FromSeconds(at)))];

        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12.5, 14, 15.5], reached.Take(14));
    }

    private static JobProgress After(int second) => new(second, 3600, TimeSpan.FromSeconds(second), null);
}
