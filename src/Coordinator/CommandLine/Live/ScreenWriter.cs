using System.Text;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace ActorHutch.Coordinator.CommandLine.Live;

/// <summary>
/// Standard error on a terminal, line by line by way of the screen: a line that comes while something is drawn at its
/// foot goes above it.
/// </summary>
/// <param name="screen">The terminal.</param>
internal sealed class ScreenWriter(IAnsiConsole screen) : TextWriter
{
    private readonly StringBuilder _line = new();

    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value)
    {
        lock (_line)
        {
            _line.Append(value);
            if (value == '\n') Show();
        }
    }

    public override void Write(string? value)
    {
        lock (_line)
        {
            foreach (char character in value ?? "") Write(character);
        }
    }

    public override void WriteLine(string? value) => Write(value + "\n");

    private void Show()
    {
        screen.Write(new Line(_line.ToString().TrimEnd('\r', '\n')));
        _line.Clear();
    }

    /// <summary>A line as it is. Wrapping it is the terminal's business, which knows how to copy it in one piece.</summary>
    private sealed class Line(string text) : Renderable
    {
        protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth) =>
            // What was drawn there goes away, and is drawn anew below.
            [new Segment(text), Segment.Control("\u001b[J"), Segment.LineBreak];
    }
}
