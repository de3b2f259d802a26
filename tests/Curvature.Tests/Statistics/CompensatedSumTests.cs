using ActorHutch.Curvature.Statistics;

namespace ActorHutch.Curvature.Tests.Statistics;

public sealed class CompensatedSumTests
{
    /// <summary>Plain summation gives 0, and Kahan's too.</summary>
    [Fact]
    public void What_a_large_term_swallows_comes_back_when_it_is_taken_away() =>
        Assert.Equal(2, Sum([1, 1e100, 1, -1e100]));

    [Fact]
    public void Ten_million_tenths_are_a_million()
    {
        // Plain summation is off by 1.6e-4.
        Assert.Equal(1_000_000, Sum(Enumerable.Repeat(0.1, 10_000_000)));
    }

    [Fact]
    public void Nothing_adds_up_to_zero() => Assert.Equal(0, default(CompensatedSum).Value);

    private static double Sum(IEnumerable<double> terms)
    {
        var sum = default(CompensatedSum);
        foreach (double term in terms) sum.Add(term);
        return sum.Value;
    }
}
