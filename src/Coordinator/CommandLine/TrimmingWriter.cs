using System.Text;

namespace ActorHutch.Coordinator.CommandLine;

/// <summary>
/// Leaves out the spaces that end a line: tables pad their last column, and a file need not. What is written goes on in whole
/// lines, or with <see cref="Flush"/>: a process's standard output takes each part by itself.
/// </summary>
internal sealed class TrimmingWriter(TextWriter inner) : TextWriter
{
    private readonly StringBuilder _line = new();
    private int _spaces;

    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value)
    {
        if (value == ' ')
        {
            _spaces++;
            return;
        }

        bool ends = value is '\n' or '\r';
        if (!ends) _line.Append(' ', _spaces);
        _spaces = 0;
        _line.Append(value);
        if (ends) Pass();
    }

    public override void Flush()
    {
        Pass();
        inner.Flush();
    }

    private void Pass()
    {
        inner.Write(_line.ToString());
        _line.Clear();
    }
}
