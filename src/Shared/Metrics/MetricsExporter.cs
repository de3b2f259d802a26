using System.Diagnostics.Metrics;
using System.Globalization;
using ActorHutch.Shared.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace ActorHutch.Shared.Metrics;

/// <summary>
/// Keeps what some meters' counters and gauges measure, and writes it as Prometheus reads it. Histograms are left out:
/// there are none.
/// </summary>
/// <remarks>
/// The meters are those of System.Diagnostics.Metrics, with OpenTelemetry's names, so its own exporters and
/// dotnet-counters find them too. What is added to a counter before there is an exporter is not in it.
/// </remarks>
public sealed class MetricsExporter : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly SortedDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>An exporter of these meters and no others.</summary>
    public MetricsExporter(params Meter[] meters)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (!meters.Contains(instrument.Meter) || MetricFamily.Of(instrument) is not { } family) return;
            lock (_lock) _families[family.Name] = family;
            listener.EnableMeasurementEvents(instrument, family);
        };
        _listener.SetMeasurementEventCallback<int>((_, value, tags, family) => Measured(family, value, tags));
        _listener.SetMeasurementEventCallback<long>((_, value, tags, family) => Measured(family, value, tags));
        _listener.SetMeasurementEventCallback<double>((_, value, tags, family) => Measured(family, value, tags));
        _listener.Start();
    }

    /// <summary>Everything as it is now, in Prometheus' text exposition format 0.0.4.</summary>
    public string Collect()
    {
        lock (_lock)
        {
            // What an observable instrument does not say any more is not so any more.
            foreach (var family in _families.Values) family.Forget();
            _listener.RecordObservableInstruments();
            using var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
            foreach (var family in _families.Values) family.WriteTo(text);
            return text.ToString();
        }
    }

    /// <summary>Answers <c>GET /metrics</c>.</summary>
    public void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/metrics", context => context.Response.TellAsync(Collect(), "text/plain; version=0.0.4; charset=utf-8"));

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private void Measured(object? family, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        // Observable instruments measure while the lock is held, by the same thread, which may take it again.
        lock (_lock) ((MetricFamily)family!).Measured(value, tags);
    }
}
