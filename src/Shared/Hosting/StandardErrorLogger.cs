using Akka.Event;
using Serilog.Events;

namespace ActorHutch.Shared.Hosting;

/// <summary>
/// What Akka logs with before its real logger runs and after it stopped. Akka's own choice writes to standard output,
/// which belongs to the result.
/// </summary>
public sealed class StandardErrorLogger : MinimalLogger
{
    /// <summary>How its lines look, since Akka makes it by its name alone. Default: for people.</summary>
    public static LogFormat Format { get; set; }

    /// <inheritdoc/>
    protected override void Log(object message)
    {
        if (Format == LogFormat.Text)
        {
            Console.Error.WriteLine(message);
            return;
        }

        var said = message as Akka.Event.LogEvent;
        new LogSettings(Console.Error, LogEventLevel.Debug) { Format = Format }
            .Tell(LevelOf(said), (said?.Message ?? message)?.ToString() ?? "");
    }

    private static LogEventLevel LevelOf(Akka.Event.LogEvent? said) => said?.LogLevel() switch
    {
        LogLevel.DebugLevel => LogEventLevel.Debug,
        LogLevel.InfoLevel => LogEventLevel.Information,
        LogLevel.ErrorLevel => LogEventLevel.Error,
        _ => LogEventLevel.Warning,
    };
}
