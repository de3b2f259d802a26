using System.Text.Json;
using ActorHutch.Coordinator.Reports;

namespace ActorHutch.Coordinator.Tests.Reports;

public class ReportJsonTests
{
    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void What_is_no_number_is_null(double value)
    {
        var json = JsonDocument.Parse(ReportJson.Write(new ConfidenceReport(0.95, value, 1))).RootElement;

        Assert.Equal(JsonValueKind.Null, json.GetProperty("low").ValueKind);
    }

    [Theory]
    [InlineData(12.455008932447571)]
    [InlineData(0.1)]
    [InlineData(double.Epsilon)]
    [InlineData(-1.7976931348623157E+308)]
    public void A_number_reads_back_to_the_same_bits(double value)
    {
        var json = JsonDocument.Parse(ReportJson.Write(new ConfidenceReport(value, 0, 1))).RootElement;

        Assert.Equal(
            BitConverter.DoubleToInt64Bits(value), BitConverter.DoubleToInt64Bits(json.GetProperty("level").GetDouble()));
    }
}
