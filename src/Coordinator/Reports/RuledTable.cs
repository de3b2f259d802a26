using Spectre.Console;

namespace ActorHutch.Coordinator.Reports;

/// <summary>
/// A table with a line under its head and nothing else: narrow, and readable in a file too. Where the terminal is narrower, the columns
/// that do not fit follow below, each time after the first one, which says what a row is of.
/// </summary>
internal sealed class RuledTable
{
    private const string Gap = "  ";
    private readonly List<(string Name, bool FlushRight)> _columns = [];
    private readonly List<string[]> _rows = [];

    /// <summary>Adds columns of words, flush left.</summary>
    public RuledTable Words(params string[] names) => Add(names, flushRight: false);

    /// <summary>Adds columns of numbers, flush right.</summary>
    public RuledTable Numbers(params string[] names) => Add(names, flushRight: true);

    /// <summary>Adds a row, one cell a column.</summary>
    public void AddRow(params string[] cells) => _rows.Add(cells);

    private const int LeastName = 12;

    private int[] Widths =>
        [.. _columns.Select((column, c) => _rows.Select(row => row[c].Length).Append(column.Name.Length).Max())];

    /// <summary>Writes it.</summary>
    public void WriteTo(IAnsiConsole console)
    {
        int[] widths = Widths;
        int most = console.Profile.Width;
        // A name's end tells it from its neighbours.
        if (widths.Length > 1) widths[0] = Math.Min(widths[0], Math.Max(LeastName, most - Gap.Length - widths.Skip(1).Max()));
        for (int next = 1, first = 1; ; first = next)
        {
            int width = widths[0];
            while (next < widths.Length && (next == first || width + Gap.Length + widths[next] <= most)) width += Gap.Length + widths[next++];
            if (first > 1) console.WriteLine();
            int[] shown = [0, .. Enumerable.Range(first, next - first)];
            console.WriteLine(Line([.. _columns.Select(column => column.Name)], widths, shown), new Style(decoration: Decoration.Bold));
            console.WriteLine(new string('─', width));
            foreach (string[] row in _rows) console.WriteLine(Line(row, widths, shown));
            if (next == widths.Length) return;
        }
    }

    private RuledTable Add(string[] names, bool flushRight)
    {
        _columns.AddRange(names.Select(name => (name, flushRight)));
        return this;
    }

    private string Line(string[] cells, int[] widths, int[] shown) => string.Join(Gap, shown.Select(c =>
    {
        string cell = c == 0 ? Figures.Shortened(cells[c], widths[c]) : cells[c];
        return _columns[c].FlushRight ? cell.PadLeft(widths[c]) : cell.PadRight(widths[c]);
    })).TrimEnd();
}
