using ActorHutch.Coordinator.Reports;

namespace ActorHutch.Coordinator.Tests.Reports;

public class NotationTests
{
    [Theory]
    [InlineData(12.485084, 0.148, "12.49 ± 0.15")]
    [InlineData(1234567.8, 21.0, "1,234,568 ± 21")]
    [InlineData(0.0314159, 0.00047, "0.03142 ± 0.00047")]
    [InlineData(0.00009264, 7.3e-6, "9.26e-5 ± 0.73e-5")]
    [InlineData(2.8512e-9, 3.4e-11, "2.851e-9 ± 0.034e-9")]
    [InlineData(-1.6559e-12, 2.98e-13, "-1.66e-12 ± 0.30e-12")]
    [InlineData(6.3e-12, 8.71e-12, "6.3e-12 ± 8.7e-12")]
    [InlineData(-2.2e-13, 1.41e-12, "-0.2e-12 ± 1.4e-12")]
    [InlineData(-1e-18, 2.98e-14, "0.0e-14 ± 3.0e-14")]
    [InlineData(0, 2.98e-14, "0.0e-14 ± 3.0e-14")]
    [InlineData(1.23456e17, 2.1e14, "1.2346e17 ± 0.0021e17")]
    [InlineData(12.5, 0, "12.500 ± 0.000")]
    [InlineData(1.5e-9, double.NaN, "1.5000e-9 ± –")]
    [InlineData(12.455, 1e-30, "12.455000000000000 ± 0.000000000000000")]
    public void A_value_and_its_error_have_one_notation(double value, double error, string text) =>
        Assert.Equal(text, Notation.WithError(value, error));

    [Theory]
    [InlineData(12.485, 0.148, 12.4550097, "12.4550")]
    [InlineData(1.045e-9, 4e-11, 9.87654e-10, "0.987654e-9")]
    [InlineData(1.045e-9, 4e-11, 0, "0")]
    public void What_is_known_better_has_more_digits_and_the_same_exponent(double value, double error, double better, string text) =>
        Assert.Equal(text, Notation.Of(value, error).Significant(better, 6));
}
