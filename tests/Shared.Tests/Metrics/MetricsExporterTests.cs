using System.Diagnostics.Metrics;
using ActorHutch.Metrics;
using ActorHutch.Shared.Metrics;

namespace ActorHutch.Shared.Tests.Metrics;

/// <summary>Meters as Prometheus reads them.</summary>
public sealed class MetricsExporterTests : IDisposable
{
    private readonly Meter _meter = new("ActorHutch.Test");

    public void Dispose() => _meter.Dispose();

    [Fact]
    public void Names_are_those_of_OpenTelemetry_with_unit_and_total()
    {
        using var exporter = new MetricsExporter(_meter);
        _meter.CreateCounter<long>("actorhutch.chunks", "{chunk}", "Chunks.").Add(2);
        _meter.CreateCounter<double>("actorhutch.compute", "s", "Time.").Add(0.5);
        _meter.CreateGauge<double>("actorhutch.memory", "By", "Memory.").Record(7);
        _meter.CreateUpDownCounter<int>("actorhutch.open", null, "Open.").Add(3);

        Assert.Equal(
            """
            # HELP actorhutch_chunks_total Chunks.
            # TYPE actorhutch_chunks_total counter
            actorhutch_chunks_total 2
            # HELP actorhutch_compute_seconds_total Time.
            # TYPE actorhutch_compute_seconds_total counter
            actorhutch_compute_seconds_total 0.5
            # HELP actorhutch_memory_bytes Memory.
            # TYPE actorhutch_memory_bytes gauge
            actorhutch_memory_bytes 7
            # HELP actorhutch_open Open.
            # TYPE actorhutch_open gauge
            actorhutch_open 3

            """.ReplaceLineEndings("\n"),
            exporter.Collect());
    }

    [Fact]
    public void Counters_add_up_by_label_and_gauges_say_the_last()
    {
        using var exporter = new MetricsExporter(_meter);
        var counter = _meter.CreateCounter<long>("c", null, "C.");
        var gauge = _meter.CreateGauge<double>("g", null, "G.");
        foreach (int value in (int[])[1, 2, 4]) counter.Add(value, KeyValuePair.Create<string, object?>("worker", value < 4 ? "a" : "b"));
        gauge.Record(1);
        gauge.Record(-2.5);

        var samples = PrometheusText.Read(exporter.Collect());

        Assert.Equal(3, samples["c_total{worker=\"a\"}"]);
        Assert.Equal(4, samples["c_total{worker=\"b\"}"]);
        Assert.Equal(-2.5, samples["g"]);
        Assert.Equal(3, samples.Count);
    }

    [Fact]
    public void What_is_observed_is_asked_for_each_time_and_goes_when_nobody_says_it()
    {
        using var exporter = new MetricsExporter(_meter);
        double? now = null;
        _meter.CreateObservableGauge("g", () => now is { } value ? [new Measurement<double>(value)] : (Measurement<double>[])[], null, "G.");
        _meter.CreateObservableCounter("c", () => 5, null, "C.");

        Assert.Equal(["c_total"], PrometheusText.Read(exporter.Collect()).Keys);
        now = double.PositiveInfinity;
        Assert.Equal(double.PositiveInfinity, PrometheusText.Read(exporter.Collect())["g"]);
        now = double.NaN;
        Assert.Equal(double.NaN, PrometheusText.Read(exporter.Collect())["g"]);
        now = null;
        Assert.Equal(5, Assert.Single(PrometheusText.Read(exporter.Collect())).Value);
    }

    [Fact]
    public void Labels_and_help_are_escaped()
    {
        using var exporter = new MetricsExporter(_meter);
        _meter.CreateCounter<long>("c", null, "A \\ and\na line.").Add(1, KeyValuePair.Create<string, object?>("worker.id", "a\"b\\c\nd"));

        string text = exporter.Collect();

        Assert.Equal("""c_total{worker_id="a\"b\\c\nd"}""", Assert.Single(PrometheusText.Read(text)).Key);
        Assert.Contains("""# HELP c_total A \\ and\na line.""", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_meters_are_none_of_its_business()
    {
        using var exporter = new MetricsExporter(_meter);
        using var other = new Meter("ActorHutch.Test");
        other.CreateCounter<long>("c").Add(1);

        Assert.Equal("", exporter.Collect());
    }

    [Fact]
    public void Threads_that_count_while_it_is_collected_lose_nothing()
    {
        using var exporter = new MetricsExporter(_meter);
        var counter = _meter.CreateCounter<long>("c", null, "C.");

        Parallel.For(0, 8, i =>
        {
            for (int n = 0; n < 1000; n++)
            {
                counter.Add(1, KeyValuePair.Create<string, object?>("worker", i % 2));
                if (n % 250 == 0) exporter.Collect();
            }
        });

        Assert.Equal([4000, 4000], PrometheusText.Read(exporter.Collect()).Values);
    }
}
