using System.Text;

namespace ActorHutch.Coordinator.CommandLine;

/// <summary>Leaves out the spaces that end a line: tables pad their last column, and a file need not.</summary>
internal sealed class TrimmingWriter(TextWriter inner) : TextWriter
{
    private int _spaces;

    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value)
    {
        if (value == ' ')
        {
            _spaces++;
            return;
        }

        if (value is not ('\n' or '\r'))
        {
            for (int i = 0; i < _spaces; i++) inner.Write(' ');
        }

        _spaces = 0;
        inner.Write(value);
    }

    public override void Flush() => inner.Flush();
}
