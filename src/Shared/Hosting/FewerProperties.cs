using Serilog.Core;
using Serilog.Events;

namespace ActorHutch.Shared.Hosting;

/// <summary>
/// Leaves out what the way from an actor to the log adds to each event, and what is said already: its time, its thread,
/// and the class that passed it on. Who logs is its <c>LogSource</c>.
/// </summary>
internal sealed class FewerProperties : ILogEventEnricher
{
    private static readonly string[] Names = ["ActorPath", "Timestamp", "Thread", "SourceContext", "EventId"];

    /// <inheritdoc/>
    public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory)
    {
        foreach (string name in Names) logEvent.RemovePropertyIfPresent(name);
    }
}
