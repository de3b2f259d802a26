using System.Globalization;
using System.Text;
using ActorHutch.Coordinator.Scheduling;

namespace ActorHutch.Coordinator.Reports.Files;

/// <summary>Every probe's vᵀHv as CSV: its number, the total, a column a block; numbers that read back to the same bits.</summary>
internal static class ProbesCsv
{
    /// <summary>Writes the file.</summary>
    public static void Write(Stream stream, JobRecord record)
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        writer.WriteLine(string.Join(',', ((string[])["probe", "total", .. record.Blocks]).Select(Csv.Cell)));
        foreach (var values in record.Values)
        {
            for (int row = 0; row < values.Count; row++)
            {
                writer.Write((values.FirstProbe + row).ToString(CultureInfo.InvariantCulture));
                writer.Write(',');
                writer.Write(Csv.Number(values.Total(row)));
                // A single column without a name is the total.
                for (int b = 0; b < record.Blocks.Count; b++)
                {
                    writer.Write(',');
                    writer.Write(Csv.Number(values[row][b]));
                }

                writer.WriteLine();
            }
        }
    }
}
