using System.Globalization;

namespace ActorHutch.Coordinator.Reports.Files;

/// <summary>Cells of CSV files (RFC 4180, with a line feed alone at a line's end).</summary>
internal static class Csv
{
    /// <summary>A text; in quotes where it needs them.</summary>
    public static string Cell(string text) => text.AsSpan().IndexOfAny(",\"\r\n") < 0
        ? text
        : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>A number that reads back to the same bits; nothing for what is no number.</summary>
    public static string Number(double? value) =>
        value is { } number && double.IsFinite(number) ? number.ToString("R", CultureInfo.InvariantCulture) : "";

    /// <summary>Lines of cells, the names first.</summary>
    public static string Of(IEnumerable<string> names, IEnumerable<IEnumerable<string>> rows) =>
        string.Concat(rows.Prepend(names).Select(row => string.Join(',', row) + "\n"));
}
