using Akka.Event;
using Serilog.Events;

namespace ActorHutch.Shared.Hosting;

/// <summary>
/// What Akka logs with before its real logger runs and after it stopped. Akka's own choice writes to standard output,
/// which belongs to the result.
/// </summary>
public sealed class StandardErrorLogger : MinimalLogger
{
    private static LogSettings _settings = new(TextWriter.Null, LogEventLevel.Warning);

    /// <summary>
    /// Which of its lines are written to standard error and how they look, since Akka makes it by its name alone. Default:
    /// warnings, for people.
    /// </summary>
    public static LogSettings Settings
    {
        get => _settings with { Writer = Console.Error };
        set => _settings = value;
    }

    /// <inheritdoc/>
    protected override void Log(object message)
    {
        var said = message as Akka.Event.LogEvent;
        var level = LevelOf(said);
        // That connections end where the program does is no news to who does not look for it.
        var settings = Settings;
        if (level < LogEventLevel.Error && settings.Level > LogEventLevel.Debug && said?.LogClass?.FullName?.StartsWith("Akka.Remote", StringComparison.Ordinal) == true) return;

        using var logger = settings.CreateLogger();
        logger.ForContext("LogSource", said?.LogSource)
            .Write(level, said?.Cause, LogSettings.Escaped((said?.Message ?? message)?.ToString() ?? ""));
    }

    private static LogEventLevel LevelOf(Akka.Event.LogEvent? said) => said?.LogLevel() switch
    {
        LogLevel.DebugLevel => LogEventLevel.Debug,
        LogLevel.InfoLevel => LogEventLevel.Information,
        LogLevel.ErrorLevel => LogEventLevel.Error,
        _ => LogEventLevel.Warning,
    };
}
