using System.Globalization;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Operators;

namespace ActorHutch.Coordinator.Reports.Files;

/// <summary>A spectrum as CSV: its curve, and the nodes and weights of each probe. With blocks, their names come first; all of the matrix has none.</summary>
internal static class SpectrumCsv
{
    /// <summary>Density and distribution function.</summary>
    public static string Curve(SpectrumReport spectrum)
    {
        string[] columns = ["eigenvalue", "density", "below", "below_low", "below_high"];
        IEnumerable<string[]> Rows(MatrixSpectrumReport matrix, params string[] block) => matrix.Curve.Select(point => (string[])
        [
            .. block, Csv.Number(point.Eigenvalue), Csv.Number(point.Density), Csv.Number(point.Below), Csv.Number(point.Low), Csv.Number(point.High),
        ]);
        return spectrum.Blocks.Count == 0
            ? Csv.Of(columns, Rows(spectrum))
            : Csv.Of(["block", .. columns], [.. Rows(spectrum, ""), .. spectrum.Blocks.SelectMany(block => Rows(block, block.Name))]);
    }

    /// <summary>A line a node.</summary>
    public static string Nodes(JobRecord record)
    {
        var parts = QuadratureColumns.Read(record.Blocks);
        bool named = parts.Any(part => part.Block.Length > 0);
        return Csv.Of(
            ["probe", .. named ? ["block"] : Array.Empty<string>(), "node", "weight"],
            from values in record.Values
            from row in Enumerable.Range(0, values.Count)
            from part in parts
            from k in Enumerable.Range(part.First, part.Nodes)
            where values[row][k + part.Nodes] > 0
            select (string[])
            [
                (values.FirstProbe + row).ToString(CultureInfo.InvariantCulture), .. named ? [part.Block] : Array.Empty<string>(),
                Csv.Number(values[row][k]), Csv.Number(values[row][k + part.Nodes]),
            ]);
    }
}
