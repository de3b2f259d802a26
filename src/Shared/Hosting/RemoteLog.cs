using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using Serilog.Core;
using Serilog.Events;
using Serilog.Parsing;

namespace ActorHutch.Shared.Hosting;

/// <summary>
/// What Akka.Remote has to say of each attempt to connect, in several lines each with a stack trace: a line once is enough
/// of it, and nothing of what is no more than information; nor of what Akka has to say of its own end. That a node cannot be
/// reached or is gone, and that none is found to join, the programs say themselves: who debugs reads it in Akka's words too.
/// </summary>
/// <param name="debugs">Whether somebody debugs.</param>
internal sealed partial class RemoteLog(bool debugs) : ILogEventFilter
{
    private const int Most = 1000;

    /// <summary>They speak of connections; more than one of them does of each that fails.</summary>
    private static readonly string[] Connections = ["TcpServerHandler", "TcpClientHandler", "TcpTransport"];

    private static readonly string[] Sources =
        [.. Connections, "Akka.Remote", "/system/endpointManager", "/system/transports", "remoting"];

    /// <summary>How lines begin that say of other nodes what the programs say themselves.</summary>
    private static readonly string[] OfNodes =
    [
        "Tried to associate with unreachable remote address", "Association with remote system", "Couldn't join seed nodes",
    ];

    private readonly ConcurrentDictionary<string, bool> _said = [];
    private readonly ConcurrentDictionary<string, bool> _callers = [];

    /// <inheritdoc/>
    public bool IsEnabled(LogEvent logEvent)
    {
        // That the program ends is no news, nor that a node that cannot be reached takes no leave.
        if (Says(logEvent, "CoordinatedShutdown")) return debugs || logEvent.Level > LogEventLevel.Warning;
        if (!debugs && IsOfNodes(logEvent)) return false;
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

    private static bool IsOfNodes(LogEvent logEvent)
    {
        if (!IsRemote(logEvent) && !Says(logEvent, "/system/cluster")) return false;
        string line = FirstLine(logEvent.RenderMessage(CultureInfo.InvariantCulture));
        return OfNodes.Any(start => line.StartsWith(start, StringComparison.Ordinal)) || Marking().IsMatch(line);
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

    /// <summary>That a member answers, or does not.</summary>
    [GeneratedRegex("^Cluster Node .* - Marking (node|exiting node)")]
    private static partial Regex Marking();

    /// <summary>Who connected: <c>["[::ffff:10.0.0.1]:4053"->"[::ffff:10.0.0.7]:40200"]</c>, <c>connection from ["…"]</c>.</summary>
    [GeneratedRegex("(->|from )[\\[\"]*(?<endpoint>\\[?[0-9A-Fa-f:.]+\\]?:\\d+)")]
    private static partial Regex Caller();

    /// <summary>What differs from one connection to the next: ports, numbers of channels, lengths that were read from noise, bytes.</summary>
    [GeneratedRegex("(?<=record: )[0-9a-f]+|(?<=\\]|\\.\\d{1,3}):\\d+|\\(Id=[^)]*\\)|-?\\d{5,}")]
    private static partial Regex Passing();
}
