using System.Text;

namespace ActorHutch.Shared.Hosting;

/// <summary>Writes what can be written, and remembers why the rest could not.</summary>
/// <param name="inner">Where to.</param>
/// <param name="keepsOn">
/// Whether to try again after a failure: a log may go on once there is room, while a document with a hole in it is none.
/// </param>
internal sealed class LenientWriter(TextWriter inner, bool keepsOn) : TextWriter
{
    /// <summary>Why something could not be written; null where everything was.</summary>
    public string? Failure { get; set; }

    /// <summary>Whether there was anything to write.</summary>
    public bool Wrote { get; private set; }

    /// <inheritdoc/>
    public override Encoding Encoding => inner.Encoding;

    /// <inheritdoc/>
    public override void Write(char value) => Put(() => inner.Write(value));

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count) => Put(() => inner.Write(buffer, index, count));

    /// <inheritdoc/>
    public override void Write(string? value) => Put(() => inner.Write(value));

    /// <inheritdoc/>
    public override void WriteLine(string? value) => Put(() => inner.WriteLine(value));

    /// <inheritdoc/>
    public override void Flush() => Try(inner.Flush);

    private void Put(Action write)
    {
        Wrote = true;
        Try(write);
    }

    private void Try(Action write)
    {
        if (Failure is not null && !keepsOn) return;
        try
        {
            write();
        }
        catch (IOException error)
        {
            Failure ??= error.Message.TrimEnd('.');
        }
    }
}
