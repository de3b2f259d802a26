using ActorHutch.Coordinator.Reports;

namespace ActorHutch.Coordinator.Tests.Reports;

public class FiguresTests
{
    [Theory]
    [InlineData(12.45500893, 6, "12.4550")]
    [InlineData(0.00012345, 3, "0.000123")]
    [InlineData(1234567, 3, "1,234,567")]
    [InlineData(-2.5, 2, "-2.5")]
    [InlineData(0, 3, "0")]
    [InlineData(1.5e-9, 3, "1.50e-9")]
    [InlineData(double.NaN, 3, "–")]
    public void A_number_is_shown_with_its_significant_digits(double value, int digits, string text) =>
        Assert.Equal(text, Figures.Significant(value, digits));

    [Theory]
    [InlineData(1.5e-9, "1.5e-9")]
    [InlineData(0.0314, "3.1e-2")]
    [InlineData(0, "0")]
    [InlineData(double.NaN, "–")]
    public void A_bound_always_has_an_exponent(double value, string text) => Assert.Equal(text, Figures.Exponential(value, 2));

    [Fact]
    public void A_number_of_which_nothing_is_shown_has_no_sign() => Assert.Equal("0.00", Figures.Fixed(-0.001, 2));

    [Theory]
    [InlineData(12.345, "12.3 s")]
    [InlineData(0.12345, "123 ms")]
    [InlineData(0.00001234, "12.3 µs")]
    [InlineData(0, "0 s")]
    [InlineData(double.NaN, "–")]
    public void A_time_is_shown_in_the_unit_that_suits_it(double seconds, string text) =>
        Assert.Equal(text, Figures.Seconds(seconds));

    [Theory]
    [InlineData(1, "1 probe")]
    [InlineData(0, "0 probes")]
    [InlineData(15880, "15,880 probes")]
    public void A_count_agrees_with_its_noun(long number, string text) =>
        Assert.Equal(text, Figures.Count(number, "probe"));
}
