using System.Collections.Concurrent;
using System.Globalization;
using Serilog.Core;
using Serilog.Events;
using Serilog.Parsing;

namespace ActorHutch.Shared.Hosting;

/// <summary>
/// What Akka.Remote has to say of each attempt to connect, each with a stack trace: a line once is enough of it, and
/// nothing of what is no more than information; nor of what Akka has to say of its own end.
/// </summary>
internal sealed class RemoteLog : ILogEventFilter
{
    private const int Most = 1000;

    private static readonly string[] Sources = ["Akka.Remote", "/system/endpointManager", "/system/transports", "remoting"];

    private readonly ConcurrentDictionary<string, bool> _said = [];

    /// <inheritdoc/>
    public bool IsEnabled(LogEvent logEvent)
    {
        // That the program ends is no news.
        if (Says(logEvent, "CoordinatedShutdown")) return logEvent.Level != LogEventLevel.Information;
        if (!IsRemote(logEvent)) return true;
        if (logEvent.Level < LogEventLevel.Warning) return logEvent.Level < LogEventLevel.Information;
        return _said.Count < Most && _said.TryAdd(FirstLine(logEvent), true);
    }

    /// <summary>Whether Akka.Remote says it.</summary>
    public static bool IsRemote(LogEvent logEvent) => Sources.Any(source => Says(logEvent, source));

    private static bool Says(LogEvent logEvent, string source) =>
        logEvent.Properties.TryGetValue("LogSource", out var value)
        && value.ToString().Contains(source, StringComparison.Ordinal);

    /// <summary>The event without its stack trace, and without what its message was made of.</summary>
    public static LogEvent Shortened(LogEvent logEvent) => new(
        logEvent.Timestamp, logEvent.Level, exception: null, new MessageTemplate([new TextToken(FirstLine(logEvent))]),
        logEvent.Properties.Where(property => !char.IsDigit(property.Key[0]))
            .Select(property => new LogEventProperty(property.Key, property.Value)));

    /// <summary>An event's message without what follows its first line.</summary>
    private static string FirstLine(LogEvent logEvent)
    {
        string message = logEvent.RenderMessage(CultureInfo.InvariantCulture);
        int end = message.IndexOfAny(['\r', '\n']);
        return end < 0 ? message : message[..end];
    }
}
