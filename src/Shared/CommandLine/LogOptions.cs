using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Options;
using Serilog.Events;

namespace ActorHutch.Shared.CommandLine;

/// <summary>What a command line says of log lines; nulls for what it does not say.</summary>
/// <param name="Level">The least important ones to write.</param>
/// <param name="Format">How they look.</param>
public sealed record LogOptions(LogEventLevel? Level = null, LogFormat? Format = null)
{
    /// <summary>The options.</summary>
    /// <param name="level">The default of <c>--log-level</c>.</param>
    public static IReadOnlyList<OptionEntry<LogOptions>> Entries(LogEventLevel level) =>
    [
        OptionEntry.Of("log-level", "The lowest level of the log lines on standard error", level.Word(),
            new Choice<LogEventLevel>(LogEventLevel.Debug, LogEventLevel.Information, LogEventLevel.Warning, LogEventLevel.Error).Format,
            (LogOptions log) => log.Level, (log, value) => log with { Level = value }),
        OptionEntry.Of("log-format", "The format of log lines; json: one object a line", default(LogFormat).Word(), new Choice<LogFormat>().Format,
            (LogOptions log) => log.Format, (log, value) => log with { Format = value }),
    ];
}
