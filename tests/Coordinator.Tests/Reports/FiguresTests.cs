using ActorHutch.Coordinator.Reports;

namespace ActorHutch.Coordinator.Tests.Reports;

public class FiguresTests
{
    [Theory]
    [InlineData(0.14, 2)]
    [InlineData(0.0314, 3)]
    [InlineData(3.2, 1)]
    [InlineData(47, 0)]
    [InlineData(1234, 0)]
    [InlineData(0, 4)]
    [InlineData(double.NaN, 4)]
    [InlineData(3e-16, 17)]
    public void An_error_is_shown_with_two_digits(double error, int decimals) =>
        Assert.Equal(decimals, Figures.DecimalsFor(error));

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
    [InlineData(12.485084, 0.148, "12.49 ± 0.15")]
    [InlineData(1234567.8, 21.0, "1,234,568 ± 21")]
    [InlineData(3.4003e-7, 4.6e-9, "0.0000003400 ± 0.0000000046")]
    [InlineData(1.6559e-12, 2.98e-14, "1.656e-12 ± 3.0e-14")]
    [InlineData(-1.6559e-12, 2.98e-13, "-1.66e-12 ± 3.0e-13")]
    [InlineData(1e-18, 2.98e-14, "0 ± 3.0e-14")]
    [InlineData(0, 2.98e-14, "0 ± 3.0e-14")]
    public void A_number_is_shown_with_as_many_decimals_as_its_error_has(double value, double error, string text)
    {
        int decimals = Figures.DecimalsFor(error);

        Assert.Equal(text, $"{Figures.Fixed(value, decimals)} ± {Figures.Fixed(error, decimals)}");
    }

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
