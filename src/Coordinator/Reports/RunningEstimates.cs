using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Statistics;

namespace ActorHutch.Coordinator.Reports;

/// <summary>What the first so many probes of a run say about the trace.</summary>
/// <param name="Probes">How many.</param>
/// <param name="Trace">The mean of vᵀHv.</param>
/// <param name="StandardError">s/√V; not a number for one probe.</param>
/// <param name="Confidence">Student's t interval, wider by what rounding may add.</param>
internal sealed record RunningEstimate(long Probes, double Trace, double StandardError, ConfidenceInterval Confidence);

/// <summary>An estimate as it came about: one run of V probes holds those of all smaller V.</summary>
internal static class RunningEstimates
{
    /// <summary>The estimates after given numbers of probes, the same to the last bit as jobs of so many come to.</summary>
    /// <param name="values">The run, in probe order from probe 0.</param>
    /// <param name="level">The intervals' level.</param>
    /// <param name="rounding">What rounding adds to each interval's half-width.</param>
    /// <param name="at">Numbers of probes, ascending; those beyond the run are left out.</param>
    public static IReadOnlyList<RunningEstimate> Of(IEnumerable<ProbeValues> values, double level, double rounding, IReadOnlyList<long> at)
    {
        var estimates = new List<RunningEstimate>(at.Count);
        var moments = default(Moments);
        foreach (var chunk in values)
        {
            for (int row = 0; row < chunk.Count && estimates.Count < at.Count; row++)
            {
                moments = moments.Add(chunk.Total(row));
                if (moments.Count != at[estimates.Count]) continue;
                estimates.Add(new RunningEstimate(
                    moments.Count, moments.Mean, moments.StandardError, ConfidenceInterval.ForMean(moments, level).Widened(rounding)));
            }
        }

        return estimates;
    }

    /// <summary>The estimates whose moments are known.</summary>
    /// <param name="points">Of the first so many values.</param>
    /// <param name="level">The intervals' level.</param>
    /// <param name="rounding">What rounding adds to each interval's half-width.</param>
    public static IReadOnlyList<RunningEstimate> Of(IReadOnlyList<Moments> points, double level, double rounding) => [.. points.Select(point =>
        new RunningEstimate(point.Count, point.Mean, point.StandardError, ConfidenceInterval.ForMean(point, level).Widened(rounding)))];

    /// <summary>Whole numbers from one to another whose logarithms are evenly spaced; fewer where they would coincide.</summary>
    public static IReadOnlyList<long> Steps(long from, long to, int steps) => steps == 1
        ? [to]
        : [.. Enumerable.Range(0, steps)
            .Select(i => i == steps - 1 ? to : (long)Math.Round(from * Math.Pow((double)to / from, i / (steps - 1.0))))
            .Distinct()];
}
