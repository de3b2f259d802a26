using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace ActorHutch.Shared.Hosting;

/// <summary>How log lines look.</summary>
public enum LogFormat
{
    /// <summary>For people: time, level, message.</summary>
    Text,

    /// <summary>For programs: a JSON object a line, in Serilog's compact format.</summary>
    Json,
}

/// <summary>Where log lines go, and which.</summary>
/// <param name="Writer">Where to.</param>
/// <param name="Level">The least important ones that do.</param>
public sealed record LogSettings(TextWriter Writer, LogEventLevel Level)
{
    /// <summary>How they look. Default: for people.</summary>
    public LogFormat Format { get; init; }

    /// <summary>Whether a terminal shows them, in colours. Default: no.</summary>
    public bool Colors { get; init; }

    /// <summary>The worker that the process is, which every line then names; null (the default) where it is none.</summary>
    public string? Worker { get; init; }

    /// <summary>Whether a standard stream should be sent colours: a terminal, and nobody has said that it has none.</summary>
    public static bool HasColors(bool isRedirected) =>
        !isRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
        && Environment.GetEnvironmentVariable("TERM") is not ("dumb" or null or "");

    /// <summary>A logger of these settings.</summary>
    public Logger CreateLogger()
    {
        var configuration = new LoggerConfiguration().MinimumLevel.Is(Level).Filter.With(new RemoteLog(Level <= LogEventLevel.Debug));
        configuration = configuration.Enrich.With(new FewerProperties());
        if (Worker is not null) configuration = configuration.Enrich.WithProperty("Worker", Worker);
        return configuration.WriteTo.Sink(new WriterSink(this)).CreateLogger();
    }

    /// <summary>Says something that is no event of an actor: a line for people, or a log line for programs.</summary>
    public void Tell(LogEventLevel level, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (Format == LogFormat.Text)
        {
            Writer.WriteLine(text);
            return;
        }

        using var logger = CreateLogger();
        logger.Write(level, Escaped(text));
    }

    /// <summary>A text as a message template that names nothing.</summary>
    internal static string Escaped(string text) =>
        text.Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal);
}
