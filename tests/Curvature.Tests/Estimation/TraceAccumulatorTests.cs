using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Statistics;
using ActorHutch.Curvature.Tests.Cases;

namespace ActorHutch.Curvature.Tests.Estimation;

public sealed class TraceAccumulatorTests
{
    private const int Columns = 3;
    private static readonly string[] Blocks = ["0.weight", "0.bias", "2.weight"];

    /// <summary>
    /// Sixty probes of very different sizes, so that any other order of additions would round differently.
    /// </summary>
    private static readonly double[] Values =
        [.. Dense.ToArray(new Numbers(3).Normal(60 * Columns)).Select((x, i) => x * Math.Pow(10, i % 13))];

    [Theory, InlineData(1), InlineData(7), InlineData(16), InlineData(59)]
    public void Its_bits_do_not_depend_on_how_the_probes_are_cut(int chunk)
    {
        var whole = Of(60);
        var cut = Of(chunk);

        Assert.Equal(whole.Moments, cut.Moments);
        Assert.Equal(whole.Estimate().Confidence, cut.Estimate().Confidence);
        Assert.Equal(whole.Estimate().Blocks, cut.Estimate().Blocks);
        Assert.Equal(whole.Sum().Blocks, cut.Sum().Blocks);
        Assert.Equal(whole.Sum().Trace, cut.Sum().Trace);
    }

    /// <summary>Chunks of three and of two probes, and one of a single probe, which tells no spread: their variances count by their degrees of freedom.</summary>
    [Fact]
    public void Standard_errors_by_sample_are_pooled_over_chunks()
    {
        var accumulator = new TraceAccumulator([]);
        accumulator.Add(new ProbeValues(0, 1, [1, 2, 3]) { Spread = new SampleSpread([6, 6], [10, 10]) });
        accumulator.Add(new ProbeValues(3, 1, [4, 5]) { Spread = new SampleSpread([4, 4], [8, 8]) });
        accumulator.Add(new ProbeValues(5, 1, [9]));

        var estimate = accumulator.Estimate(0.9);

        Assert.True(estimate.IsBySample);
        Assert.Equal(4, estimate.Trace, 1e-14);
        Assert.Equal(Math.Sqrt((2 * 6 + 4) / 3.0 / 6), estimate.StandardError, 1e-14);
        // (2·6 + 4)² / (2·10/(1 + 2/2) + 8/(1 + 2/1)).
        Assert.Equal(256 / (10 + 8.0 / 3), estimate.DegreesOfFreedom, 1e-12);
        Assert.Equal(
            ConfidenceInterval.ForEstimate(4, estimate.StandardError, estimate.DegreesOfFreedom, 0.9), estimate.Confidence);
    }

    [Fact]
    public void The_estimate_is_the_mean_of_the_probes_totals_and_of_each_block()
    {
        var estimate = Of(60).Estimate(0.9);
        double[] totals = [.. Enumerable.Range(0, 60).Select(i => Values.Skip(i * Columns).Take(Columns).Sum())];
        double variance = totals.Sum(total => Math.Pow(total - totals.Average(), 2)) / 59;

        Assert.Equal(60, estimate.Probes);
        Near.Relative(totals.Average(), estimate.Trace, 1e-12);
        Near.Relative(Math.Sqrt(variance / 60), estimate.StandardError, 1e-12);
        Assert.Equal(0.9, estimate.Confidence.Level);
        Assert.Equal(Blocks, estimate.Blocks.Select(block => block.Name));
        Near.Relative(Values.Where((_, i) => i % Columns == 1).Average(), estimate.Blocks[1].Trace, 1e-12);
    }

    [Fact]
    public void The_sum_is_exact_where_terms_cancel()
    {
        var accumulator = new TraceAccumulator(["a", "b"]);
        accumulator.Add(new ProbeValues(0, 2, [1, 0.5, 1e100, 0, 1, 0.25, -1e100, 0]));

        Assert.Equal(2.75, accumulator.Sum().Trace);
        Assert.Equal([2, 0.75], accumulator.Sum().Blocks.Select(block => block.Trace));
    }

    [Fact]
    public void Columns_without_names_make_a_total_and_no_blocks()
    {
        var accumulator = new TraceAccumulator([]);
        accumulator.Add(new ProbeValues(0, 1, [1, 2, 3]));

        Assert.Equal(2, accumulator.Estimate().Trace);
        Assert.Empty(accumulator.Estimate().Blocks);
    }

    [Theory, InlineData(0), InlineData(3), InlineData(5)]
    public void Probes_come_in_their_order(long first)
    {
        var accumulator = new TraceAccumulator(Blocks);
        accumulator.Add(new ProbeValues(0, Columns, new double[4 * Columns]));

        Assert.Throws<ArgumentException>(() => accumulator.Add(new ProbeValues(first, Columns, new double[Columns])));
        Assert.Equal(4, accumulator.Count);
    }

    [Fact]
    public void Probes_have_as_many_values_as_there_are_blocks() =>
        Assert.Throws<ArgumentException>(() => new TraceAccumulator(Blocks).Add(new ProbeValues(0, 2, [1, 2])));

    private static TraceAccumulator Of(int chunk)
    {
        var accumulator = new TraceAccumulator(Blocks);
        for (int first = 0; first < 60; first += chunk)
        {
            double[] part = [.. Values.Skip(first * Columns).Take(chunk * Columns)];
            accumulator.Add(new ProbeValues(first, Columns, part));
        }

        return accumulator;
    }
}
