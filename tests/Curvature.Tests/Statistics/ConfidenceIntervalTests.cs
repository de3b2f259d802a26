using ActorHutch.Curvature.Statistics;

namespace ActorHutch.Curvature.Tests.Statistics;

public sealed class ConfidenceIntervalTests
{
    /// <summary>
    /// Two-sided quantiles of Student's t as tables print them, so to half a unit of their last digit.
    /// </summary>
    [Theory]
    [InlineData(1, 0.95, 12.706)]
    [InlineData(2, 0.95, 4.303)]
    [InlineData(5, 0.95, 2.571)]
    [InlineData(10, 0.95, 2.228)]
    [InlineData(29, 0.95, 2.045)]
    [InlineData(120, 0.95, 1.980)]
    [InlineData(999_999, 0.95, 1.960)]
    [InlineData(5, 0.90, 2.015)]
    [InlineData(10, 0.99, 3.169)]
    [InlineData(30, 0.999, 3.646)]
    public void Half_its_width_is_a_quantile_of_Student_s_t_times_the_standard_error(
        long degrees, double level, double quantile)
    {
        long count = degrees + 1;

        // A variance of count makes the standard error 1.
        var moments = new Moments(count, Mean: 7, M2: (double)count * degrees);

        var interval = ConfidenceInterval.ForMean(moments, level);

        Near.Absolute(quantile, interval.HalfWidth, 0.0005 + 1e-9);
        Near.Relative(7, (interval.Low + interval.High) / 2, 1e-12);
        Assert.Equal(level, interval.Level);
    }

    [Fact]
    public void It_is_unbounded_for_fewer_than_two_values()
    {
        var interval = ConfidenceInterval.ForMean(new Moments(1, 3, 0));

        Assert.Equal(double.NegativeInfinity, interval.Low);
        Assert.Equal(double.PositiveInfinity, interval.High);
        Assert.True(interval.Contains(1e300));
    }

    [Fact]
    public void It_contains_its_ends()
    {
        var interval = new ConfidenceInterval(0.9, -1, 2);

        Assert.True(interval.Contains(-1));
        Assert.True(interval.Contains(2));
        Assert.False(interval.Contains(2.0000001));
        Assert.False(interval.Contains(double.NaN));
    }

    [Theory, InlineData(0.0), InlineData(1.0), InlineData(-0.5), InlineData(95.0), InlineData(double.NaN)]
    public void A_level_lies_between_0_and_1(double level) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ConfidenceInterval.ForMean(new Moments(5, 1, 1), level));
}
