using System.Diagnostics.Metrics;
using ActorHutch.Metrics;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Metrics;

namespace ActorHutch.Shared.Tests.Metrics;

/// <summary>Meters as Prometheus reads them.</summary>
public sealed class MetricsExporterTests : IDisposable
{
    private static readonly HttpClient Client = new();

    private readonly Meter _meter = new("ActorHutch.Test");
    private readonly MetricsExporter _exporter;

    public MetricsExporterTests() => _exporter = new MetricsExporter(_meter);

    public void Dispose()
    {
        _exporter.Dispose();
        _meter.Dispose();
    }

    [Fact]
    public async Task Names_have_unit_and_total_and_labels_are_escaped()
    {
        _meter.CreateCounter<long>("actorhutch.chunks", "{chunk}", "Chunks.").Add(2, KeyValuePair.Create<string, object?>("worker.id", "a\"b\\c\nd"));
        _meter.CreateCounter<double>("actorhutch.compute", "s", "Time.").Add(0.5);
        _meter.CreateGauge<double>("actorhutch.memory", "By", "Memory.").Record(7);

        var samples = PrometheusText.Read(await Collect());

        Assert.Equal(
            [("actorhutch_chunks_total{worker_id=\"a\\\"b\\\\c\\nd\"}", 2), ("actorhutch_compute_seconds_total", 0.5), ("actorhutch_memory_bytes", 7)],
            samples.OrderBy(sample => sample.Key, StringComparer.Ordinal).Select(sample => (sample.Key, sample.Value)));
    }

    [Fact]
    public async Task What_is_observed_is_asked_for_each_time_and_goes_when_nobody_says_it()
    {
        double? now = null;
        _meter.CreateObservableGauge("g", () => now is { } value ? [new Measurement<double>(value)] : (Measurement<double>[])[], null, "G.");
        _meter.CreateObservableCounter("c", () => 5, null, "C.");

        Assert.Equal(["c_total"], PrometheusText.Read(await Collect()).Keys);
        now = -2.5;
        Assert.Equal(-2.5, PrometheusText.Read(await Collect())["g"]);
        now = null;
        Assert.Equal(5, Assert.Single(PrometheusText.Read(await Collect())).Value);
    }

    [Fact]
    public async Task Who_asks_for_OpenMetrics_gets_it()
    {
        _meter.CreateCounter<long>("c", null, "C.").Add(1);
        await using var endpoint = await HttpEndpoint.StartAsync(new HostPort("127.0.0.1", 0), "health", _exporter.Map);
        using var question = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://{endpoint.Address}/metrics"));
        // As Prometheus asks.
        question.Headers.Accept.ParseAdd("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1");

        using var answer = await Client.SendAsync(question, TestContext.Current.CancellationToken);

        string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal("application/openmetrics-text", answer.Content.Headers.ContentType!.MediaType);
        Assert.Contains("\nc_total{", text, StringComparison.Ordinal);
        Assert.EndsWith("# EOF\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Other_meters_are_none_of_its_business_whatever_their_names()
    {
        using var other = new Meter(_meter.Name);
        other.CreateCounter<long>("c", null, "C.").Add(1);
        Assert.Empty(PrometheusText.Read(await Collect()));

        _meter.CreateCounter<long>("c", null, "C.").Add(4);
        Assert.Equal(4, PrometheusText.Read(await Collect())["c_total"]);
    }

    private async Task<string> Collect()
    {
        await using var endpoint = await HttpEndpoint.StartAsync(new HostPort("127.0.0.1", 0), "health", _exporter.Map);
        using var answer = await Client.GetAsync(new Uri($"http://{endpoint.Address}/metrics"), TestContext.Current.CancellationToken);
        answer.EnsureSuccessStatusCode();
        string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        if (text.Length == 0) return text;
        Assert.Contains(answer.Content.Headers.ContentType!.Parameters, parameter => parameter is { Name: "version", Value: "0.0.4" });
        Assert.Equal("text/plain", answer.Content.Headers.ContentType.MediaType);
        return text;
    }
}
