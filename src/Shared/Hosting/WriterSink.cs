using System.Globalization;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Compact;
using Serilog.Formatting.Display;

namespace ActorHutch.Shared.Hosting;

/// <summary>Logs to a writer: standard output belongs to the result.</summary>
internal sealed class WriterSink(LogSettings settings) : ILogEventSink
{
    private const string Reset = "\u001b[0m";

    private static readonly RenderedCompactJsonFormatter Json = new();

    private static readonly MessageTemplateTextFormatter Message = new(
        "{Message:l}{NewLine}{Exception}", CultureInfo.InvariantCulture);

    public void Emit(LogEvent logEvent)
    {
        // What Akka.Remote has to say goes on with a stack trace.
        if (RemoteLog.IsRemote(logEvent) && logEvent.Level >= LogEventLevel.Warning) logEvent = RemoteLog.Shortened(logEvent);
        // In one piece, so that nothing else that writes there comes between.
        using var line = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        if (settings.Format == LogFormat.Json) Json.Format(logEvent, line);
        else Write(logEvent, line);
        lock (settings.Writer)
        {
            settings.Writer.Write(line.ToString());
            settings.Writer.Flush();
        }
    }

    private void Write(LogEvent logEvent, StringWriter line)
    {
        var (word, color) = WordAndColor(logEvent.Level);
        string time = logEvent.Timestamp.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
        line.Write(settings.Colors ? $"\u001b[90m{time}{Reset} {color}{word}{Reset} " : $"{time} {word} ");
        Message.Format(logEvent, line);
    }

    private static (string Word, string Color) WordAndColor(LogEventLevel level) => level switch
    {
        LogEventLevel.Verbose => ("VRB", "\u001b[90m"),
        LogEventLevel.Debug => ("DBG", "\u001b[90m"),
        LogEventLevel.Information => ("INF", "\u001b[36m"),
        LogEventLevel.Warning => ("WRN", "\u001b[33m"),
        LogEventLevel.Error => ("ERR", "\u001b[31m"),
        _ => ("FTL", "\u001b[31m"),
    };
}
