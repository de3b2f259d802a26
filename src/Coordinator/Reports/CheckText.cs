using System.Globalization;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Reports;

/// <summary>A check for people.</summary>
internal static class CheckText
{
    /// <summary>Writes it.</summary>
    public static void Write(TextWriter writer, CheckReport report)
    {
        void Line(string name, CheckedNumber number, string? note = null) => writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{name,-5} {number.Value,-22:R} expected {number.Expected:R}{note}"));
        Line("loss", report.Loss, report.Model.Loss is { } loss ? $"   ({loss.Said()})" : null);
        Line("vᵀHv", report.QuadraticForm);
        writer.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"They {(report.Agree ? "agree" : "differ")}: by {report.Difference:0.0e+0}, where {report.Tolerance:0e+0} is {report.Dtype}'s rounding."));
        if (report.Agree) return;

        if (report.Blocks.FirstOrDefault(block => block.Name == report.WorstBlock) is { } worst)
        {
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"Of vᵀHv's parts by block, that of {worst.Name} differs most: {worst.Value:R}, expected {worst.Expected:R}."));
        }

        if (report.Dtype == Dtype.Float32.Word())
            writer.WriteLine("--dtype float64 finds out whether rounding is the cause; it grows as the loss becomes small.");
    }
}
