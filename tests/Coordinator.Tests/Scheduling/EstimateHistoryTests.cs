using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Statistics;
using ActorHutch.Fakes;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Tests.Scheduling;

/// <summary>How an estimate came about, in few points.</summary>
public class EstimateHistoryTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(500, 1)]
    [InlineData(501, 2)]
    [InlineData(1000, 2)]
    [InlineData(1001, 2)]
    [InlineData(1002, 4)]
    [InlineData(1_000_000, 2048)]
    public void Its_points_are_evenly_spaced_and_never_more_than_500(int chunks, long stride)
    {
        var history = new EstimateHistory();
        for (long chunk = 1; chunk <= chunks; chunk++) history.Offer(chunk, new Moments(chunk, 0, 0));

        Assert.Equal(stride, history.Stride);
        Assert.InRange(history.Points.Length, Math.Min(chunks, 250), 500);
        Assert.Equal(Enumerable.Range(1, (int)(chunks / stride)).Select(i => i * stride), history.Points.Select(point => point.Count));
    }

    [Fact]
    public void It_depends_on_the_probes_and_not_on_the_order_of_their_arrival()
    {
        var spec = new JobSpec { Probes = 12_000, VBatch = 10, Seed = 3 };
        long[] order = [.. Enumerable.Range(0, 1200)];
        var inOrder = Accepted(spec, order);
        new Random(5).Shuffle(order);

        var shuffled = Accepted(spec, order);

        Assert.Equal(inOrder.Points, shuffled.Points);
        Assert.Equal(4, shuffled.Stride);
        Assert.Equal(300, shuffled.Points.Length);
    }

    private static EstimateHistory Accepted(JobSpec spec, IEnumerable<long> order)
    {
        var results = new ChunkResults(spec, ["first.weight", "second.weight"]);
        foreach (long chunk in order) results.Accept(chunk, Schedule.A, FakeQuadraticForm.Values(spec.Seed, chunk * 10, 10));
        return results.History;
    }
}
