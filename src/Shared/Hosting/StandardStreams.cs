using System.Globalization;

namespace ActorHutch.Shared.Hosting;

/// <summary>
/// The process's standard output and error, which may be full disks, or closed. What cannot be written ends nothing: of
/// standard output it is remembered, for the result belongs there; of standard error it is dropped.
/// </summary>
public sealed class StandardStreams
{
    private const int OutputNumber = 1, ErrorNumber = 2;

    private readonly LenientWriter _output;

    private StandardStreams()
    {
        _output = IsClosed(OutputNumber)
            ? new LenientWriter(TextWriter.Null, keepsOn: false) { Failure = "it is closed" }
            : new LenientWriter(Console.Out, keepsOn: false);
        Console.SetOut(_output);
        Console.SetError(IsClosed(ErrorNumber) ? TextWriter.Null : new LenientWriter(Console.Error, keepsOn: true));
    }

    /// <summary>Why not all of what was written to standard output is there; null where it is.</summary>
    public string? Failure => _output.Wrote ? _output.Failure : null;

    /// <summary>Takes the place of the console's writers.</summary>
    public static StandardStreams Take() => new();

    /// <summary>
    /// Whether the process was started without a stream. Its number is then given to the first thing that is opened, such
    /// as a pipe of the runtime's own, into which no result may be written; but that is closed at an exec, as no stream is
    /// that was handed down by one.
    /// </summary>
    private static bool IsClosed(int number)
    {
        const int closedAtExec = 0x80000; // O_CLOEXEC
        if (!Directory.Exists("/proc/self/fdinfo")) return false;
        try
        {
            string? flags = File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fdinfo/{number}"))
                .FirstOrDefault(line => line.StartsWith("flags:", StringComparison.Ordinal));
            return flags is not null && (Convert.ToInt32(flags["flags:".Length..].Trim(), 8) & closedAtExec) != 0;
        }
        catch (FileNotFoundException)
        {
            return true;
        }
    }
}
