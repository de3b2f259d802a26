using Spectre.Console;

namespace ActorHutch.Coordinator.Reports;

/// <summary>Facts, a line each: what each is called, and what it is.</summary>
internal static class Facts
{
    /// <summary>Facts whose texts are markup.</summary>
    public static Grid Of(IEnumerable<(string Name, string Markup)> facts)
    {
        var grid = new Grid()
            .AddColumn(new GridColumn().NoWrap().PadLeft(2).PadRight(3).Width(NameColumns))
            .AddColumn(new GridColumn().PadLeft(0).PadRight(0));
        foreach (var (name, markup) in facts) grid.AddRow($"[grey]{name}[/]", markup);
        return grid;
    }

    /// <summary>As wide as the widest name, so that what is written one after another stands in one line.</summary>
    public const int NameColumns = 7;
}
