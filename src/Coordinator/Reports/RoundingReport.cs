using System.Text.Json.Serialization;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Reports;

/// <summary>What rounding in single precision adds to a trace, and how that was found.</summary>
/// <param name="Bound">What it does not exceed, at the interval's level, and what the interval is wider by; null where it is not known.</param>
/// <param name="Bias">What it adds to the trace, estimated; null where it is not known.</param>
/// <param name="Probes">How many probes were computed in both precisions.</param>
/// <param name="Seconds">How long that took one worker.</param>
/// <param name="NeedsFloat64">Whether it is a relevant part of the interval, or of what is expected of an exact trace.</param>
/// <param name="Problem">Why it is not known; null where it is.</param>
internal sealed record RoundingReport(
    double? Bound, double? Bias, int Probes, double Seconds, bool NeedsFloat64, string? Problem)
{
    /// <summary>A job's; null in double precision, and where nothing was to be compared.</summary>
    public static RoundingReport? Of(JobResult result)
    {
        var state = result.State;
        if (state.ComparedProbes == 0 || state.Spec.Dtype != Dtype.Float32) return null;
        if (result.Rounding is { } rounding)
        {
            return new RoundingReport(
                rounding.Bound, rounding.Bias, rounding.Probes, result.RoundingSeconds, result.Estimate!.RoundingIsRelevant, null);
        }

        return new RoundingReport(
            null, null, 0, 0, false, state.NotCompared ?? "the job ended before it was computed in double precision");
    }

    /// <summary>What is said of it beside a trace: a clause.</summary>
    /// <param name="trace">The trace.</param>
    public string Text(double trace) => Bound is not { } bound ? $"rounding error not known: {Problem}"
        : $"rounding error below {Figures.Significant(bound, 2)}"
            + (trace == 0 ? "" : $", which is {Figures.Significant(100 * bound / Math.Abs(trace), 2)} % of the trace");

    /// <summary>What to do about it; null where nothing need be done.</summary>
    [JsonIgnore]
    public string? Advice => NeedsFloat64
        ? $"{Dtype.Float32.Word()}'s rounding error is a large part of the uncertainty of the trace; {Dtype.Float64.Word()}'s is negligible (--dtype float64)."
        : null;
}
