using ActorHutch.Coordinator.Reports;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Fakes;

namespace ActorHutch.Coordinator.Tests.Reports;

public class RunningEstimatesTests
{
    [Fact]
    public void They_are_those_of_shorter_runs_to_the_last_bit()
    {
        var running = RunningEstimates.Of(SampleReport.Values(110), 0.9, 0.25, [1, 2, 20, 21, 99, 110, 500]);

        Assert.Equal([1, 2, 20, 21, 99, 110], running.Select(estimate => estimate.Probes));
        foreach (var estimate in running)
        {
            var accumulator = new TraceAccumulator(["first.weight", "second.weight"]);
            accumulator.Add(FakeQuadraticForm.Values(0, 0, (int)estimate.Probes));
            var alone = accumulator.Estimate(0.9, new RoundingError(0, 0.25, 8, default, []));
            Assert.Equal((alone.Trace, alone.StandardError, alone.Confidence), (estimate.Trace, estimate.StandardError, estimate.Confidence));
        }
    }

    [Theory]
    [InlineData(10, 1000, 3, new long[] { 10, 100, 1000 })]
    [InlineData(1, 4, 9, new long[] { 1, 2, 3, 4 })]
    [InlineData(2, 7, 2, new long[] { 2, 7 })]
    [InlineData(5, 9, 1, new long[] { 9 })]
    public void Steps_are_even_on_a_logarithmic_axis_and_end_where_they_should(long from, long to, int steps, long[] expected) =>
        Assert.Equal(expected, RunningEstimates.Steps(from, to, steps));
}
