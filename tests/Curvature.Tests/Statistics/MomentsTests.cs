using ActorHutch.Curvature.Statistics;
using ActorHutch.Curvature.Tests.Cases;

namespace ActorHutch.Curvature.Tests.Statistics;

public sealed class MomentsTests
{
    private static readonly double[] Sample = [2, 4, 4, 4, 5, 5, 7, 9];

    [Fact]
    public void They_are_count_mean_and_squared_deviations()
    {
        var moments = Of(Sample);

        Assert.Equal(8, moments.Count);
        Near.Relative(5, moments.Mean, 1e-15);
        Near.Relative(32, moments.M2, 1e-15);
        Near.Relative(32.0 / 7, moments.Variance, 1e-15);
        Near.Relative(Math.Sqrt(32.0 / 7 / 8), moments.StandardError, 1e-15);
    }

    [Fact]
    public void Nothing_is_known_of_the_spread_of_fewer_than_two_values()
    {
        Assert.True(double.IsNaN(default(Moments).Variance));
        Assert.True(double.IsNaN(Of([3]).StandardError));
        Assert.Equal(3, Of([3]).Mean);
    }

    /// <summary>Every way to cut a sample in two, the empty parts among them.</summary>
    [Fact]
    public void Merging_two_parts_gives_the_moments_of_the_whole()
    {
        double[] sample = Dense.ToArray(new Numbers(1).Normal(50));
        var whole = Of(sample);
        for (int cut = 0; cut <= sample.Length; cut++)
        {
            var merged = Of(sample[..cut]).Merge(Of(sample[cut..]));

            Assert.Equal(whole.Count, merged.Count);
            Near.Absolute(whole.Mean, merged.Mean, 1e-14);
            Near.Relative(whole.M2, merged.M2, 1e-13);
        }
    }

    /// <summary>Σx² − (Σx)²/n would lose all sixteen digits here.</summary>
    [Fact]
    public void A_large_mean_does_not_hide_a_small_spread()
    {
        double[] sample = [.. Sample.Select(x => x + 1e9)];

        Near.Relative(32, Of(sample).M2, 1e-6);
        Near.Relative(32, Of(sample[..3]).Merge(Of(sample[3..])).M2, 1e-6);
    }

    private static Moments Of(IEnumerable<double> values) =>
        values.Aggregate(default(Moments), (moments, value) => moments.Add(value));
}
