using System.Globalization;
using ActorHutch.Coordinator.Scheduling;

namespace ActorHutch.Coordinator.Reports.Files;

/// <summary>A spectrum as CSV: its curve, and the nodes and weights of each probe.</summary>
internal static class SpectrumCsv
{
    /// <summary>Density and distribution function.</summary>
    public static string Curve(SpectrumReport spectrum) => Csv.Of(
        ["eigenvalue", "density", "below", "below_low", "below_high"],
        spectrum.Curve.Select(point => (string[])[Csv.Number(point.Eigenvalue), Csv.Number(point.Density), Csv.Number(point.Below), Csv.Number(point.Low), Csv.Number(point.High)]));

    /// <summary>A line a node.</summary>
    public static string Nodes(JobRecord record) => Csv.Of(
        ["probe", "node", "weight"],
        from values in record.Values
        from row in Enumerable.Range(0, values.Count)
        from k in Enumerable.Range(0, values.Columns / 2)
        where values[row][values.Columns / 2 + k] > 0
        select (string[])
        [
            (values.FirstProbe + row).ToString(CultureInfo.InvariantCulture), Csv.Number(values[row][k]), Csv.Number(values[row][values.Columns / 2 + k]),
        ]);
}
