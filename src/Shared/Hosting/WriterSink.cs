using System.Globalization;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Display;

namespace ActorHutch.Shared.Hosting;

/// <summary>Logs to a writer, one line an event: standard output belongs to the result.</summary>
internal sealed class WriterSink(TextWriter writer) : ILogEventSink
{
    private readonly MessageTemplateTextFormatter _format = new(
        "{Timestamp:HH:mm:ss.fff} {Level:u3} {Message:lj}{NewLine}{Exception}", CultureInfo.InvariantCulture);

    public void Emit(LogEvent logEvent)
    {
        lock (writer)
        {
            if (RemoteLog.IsRemote(logEvent) && logEvent.Level >= LogEventLevel.Warning)
            {
                writer.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{logEvent.Timestamp:HH:mm:ss.fff} {(logEvent.Level == LogEventLevel.Warning ? "WRN" : "ERR")} {RemoteLog.FirstLine(logEvent)}"));
            }
            else
            {
                _format.Format(logEvent, writer);
            }

            writer.Flush();
        }
    }
}
