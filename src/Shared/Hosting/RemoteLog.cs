using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using Serilog.Core;
using Serilog.Events;
using Serilog.Parsing;

namespace ActorHutch.Shared.Hosting;

/// <summary>
/// What Akka.Remote has to say of each attempt to connect, in several lines each with a stack trace: a line once is enough
/// of it, and nothing of what is no more than information; nor of what Akka has to say of its own end.
/// </summary>
internal sealed partial class RemoteLog : ILogEventFilter
{
    private const int Most = 1000;

    /// <summary>They speak of connections; more than one of them does of each that fails.</summary>
    private static readonly string[] Connections = ["TcpServerHandler", "TcpClientHandler", "TcpTransport"];

    private static readonly string[] Sources =
        [.. Connections, "Akka.Remote", "/system/endpointManager", "/system/transports", "remoting"];

    private readonly ConcurrentDictionary<string, bool> _said = [];
    private readonly ConcurrentDictionary<string, bool> _callers = [];

    /// <inheritdoc/>
    public bool IsEnabled(LogEvent logEvent)
    {
        // That the program ends is no news.
        if (Says(logEvent, "CoordinatedShutdown")) return logEvent.Level != LogEventLevel.Information;
        if (!IsRemote(logEvent)) return true;
        if (logEvent.Level < LogEventLevel.Warning) return logEvent.Level < LogEventLevel.Information;
        string line = Line(logEvent);
        // Of whom, was said before.
        if (line == "Disassociated") return false;
        if (!IsOfConnection(logEvent)) return IsNew(_said, line);
        // The first that is said of a caller. Another connection from the same machine has another port, and no more to say.
        return (Caller().Match(line) is not { Success: true } caller || IsNew(_callers, caller.Groups["endpoint"].Value))
            && IsNew(_said, Passing().Replace(line, "#"));
    }

    /// <summary>Whether Akka.Remote says it.</summary>
    public static bool IsRemote(LogEvent logEvent) => Sources.Any(source => Says(logEvent, source));

    /// <summary>The event without its stack trace, and without what its message was made of.</summary>
    public static LogEvent Shortened(LogEvent logEvent) => new(
        logEvent.Timestamp, logEvent.Level, exception: null, new MessageTemplate([new TextToken(Line(logEvent))]),
        logEvent.Properties.Where(property => !char.IsDigit(property.Key[0]))
            .Select(property => new LogEventProperty(property.Key, property.Value)));

    private static bool IsNew(ConcurrentDictionary<string, bool> known, string text) => known.Count < Most && known.TryAdd(text, true);

    private static bool IsOfConnection(LogEvent logEvent) => Connections.Any(source => Says(logEvent, source));

    private static bool Says(LogEvent logEvent, string source) =>
        logEvent.Properties.TryGetValue("LogSource", out var value)
        && value.ToString().Contains(source, StringComparison.Ordinal);

    /// <summary>An event's message in one line; of a connection, with the reason.</summary>
    private static string Line(LogEvent logEvent)
    {
        string line = FirstLine(logEvent.RenderMessage(CultureInfo.InvariantCulture));
        return IsOfConnection(logEvent) && logEvent.Exception is { } error ? $"{line}: {FirstLine(error.Message)}" : line;
    }

    private static string FirstLine(string text)
    {
        int end = text.AsSpan().IndexOfAny('\r', '\n');
        return end < 0 ? text : text[..end];
    }

    /// <summary>Who connected: <c>["[::ffff:10.0.0.1]:4053"->"[::ffff:10.0.0.7]:40200"]</c>, <c>connection from ["…"]</c>.</summary>
    [GeneratedRegex("(->|from )[\\[\"]*(?<endpoint>\\[?[0-9A-Fa-f:.]+\\]?:\\d+)")]
    private static partial Regex Caller();

    /// <summary>What differs from one connection to the next: ports, numbers of channels, lengths that were read from noise.</summary>
    [GeneratedRegex("(?<=\\]|\\.\\d{1,3}):\\d+|\\(Id=[^)]*\\)|-?\\d{5,}")]
    private static partial Regex Passing();
}
