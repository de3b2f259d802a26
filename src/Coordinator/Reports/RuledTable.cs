using Spectre.Console;

namespace ActorHutch.Coordinator.Reports;

/// <summary>A table with a line under its head and nothing else: narrow, and readable in a file too.</summary>
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

    /// <summary>How many columns of a terminal it takes.</summary>
    public int Width => Widths.Sum() + Gap.Length * (_columns.Count - 1);

    private int[] Widths =>
        [.. _columns.Select((column, c) => _rows.Select(row => row[c].Length).Append(column.Name.Length).Max())];

    /// <summary>Writes it.</summary>
    public void WriteTo(IAnsiConsole console)
    {
        int[] widths = Widths;
        console.WriteLine(Line([.. _columns.Select(column => column.Name)], widths), new Style(decoration: Decoration.Bold));
        console.WriteLine(new string('─', Width));
        foreach (string[] row in _rows) console.WriteLine(Line(row, widths));
    }

    private RuledTable Add(string[] names, bool flushRight)
    {
        _columns.AddRange(names.Select(name => (name, flushRight)));
        return this;
    }

    private string Line(string[] cells, int[] widths) => string.Join(Gap, cells.Select(
        (cell, c) => _columns[c].FlushRight ? cell.PadLeft(widths[c]) : cell.PadRight(widths[c]))).TrimEnd();
}
