using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace ActorHutch.Shared.Metrics;

/// <summary>Keeps what some meters measure, by way of OpenTelemetry, and tells Prometheus.</summary>
/// <remarks>What is added to a counter before there is an exporter is not in it.</remarks>
public sealed class MetricsExporter : IDisposable
{
    private readonly MeterProvider _provider;

    /// <summary>An exporter of these meters and no others, not even others of the same names.</summary>
    public MetricsExporter(params Meter[] meters) => _provider = Sdk.CreateMeterProviderBuilder()
        .AddMeter([.. meters.Select(meter => meter.Name)])
        .AddView(instrument => meters.Contains(instrument.Meter) ? null : MetricStreamConfiguration.Drop)
        .AddPrometheusExporter(exporter =>
        {
            // What is told is what is so now.
            exporter.ScrapeResponseCacheDurationMilliseconds = 0;
            // Whoever asks knows whom.
            exporter.TargetInfoEnabled = false;
        })
        .Build();

    /// <summary>Answers <c>GET /metrics</c>.</summary>
    public void Map(IEndpointRouteBuilder routes) =>
        routes.MapPrometheusScrapingEndpoint("/metrics", _provider, configureBranchedPipeline: null, optionsName: null);

    /// <inheritdoc/>
    public void Dispose() => _provider.Dispose();
}
