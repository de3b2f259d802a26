using ActorHutch.Coordinator.Reports;
using Spectre.Console;

namespace ActorHutch.Coordinator.Tests.Reports;

public class RuledTableTests
{
    [Fact]
    public void On_a_narrow_terminal_columns_follow_below_after_the_name_of_their_row() => Assert.Equal(
        [
            "worker    chunks", "────────────────", "worker-1      12", "worker-2       8", "",
            "worker    probes/s", "──────────────────", "worker-1     5,051", "worker-2     5,696",
        ],
        Written(20, "worker-1", "worker-2"));

    [Fact]
    public void On_a_wide_one_they_stand_side_by_side() => Assert.Equal(
        ["worker    chunks  probes/s", "──────────────────────────", "worker-1      12     5,051", "worker-2       8     5,696"],
        Written(26, "worker-1", "worker-2"));

    [Theory]
    [InlineData(60)]
    [InlineData(30)]
    [InlineData(24)]
    public void Nothing_is_wider_than_the_terminal(int width) => Assert.All(
        Written(width, new string('a', 200) + ".weight", "b"), line => Assert.InRange(line.Length, 0, width));

    private static string[] Written(int width, string first, string second)
    {
        using var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = width;
        var table = new RuledTable().Words("worker").Numbers("chunks", "probes/s");
        table.AddRow(first, "12", "5,051");
        table.AddRow(second, "8", "5,696");
        table.WriteTo(console);
        return [.. output.ToString().TrimEnd().Split('\n').Select(line => line.TrimEnd())];
    }
}
