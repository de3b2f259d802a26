using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.CommandLine;
using ActorHutch.Coordinator.Dashboard;
using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Operators;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using ActorHutch.Shared.Metrics;

namespace ActorHutch.Benchmarks;

/// <summary>
/// What it costs a job to be watched: the same job with nobody there and with a page open, in turn. The page's reader runs
/// in this process and its time is counted too, so the cost is what is measured or less.
/// </summary>
internal static class DashboardBenchmark
{
    private const int Pairs = 5;

    private static readonly string[] Job =
        ["estimate", "--method", "hmp", "--probes", "40000", "--v-batch", "10", "--workers", "1", "--device", "cpu", "--json"];

    public static async Task RunAsync()
    {
        await StartAsync();
        Update(workers: 1_000, blocks: 200);
        await MeasureAsync(watched: false);
        await MeasureAsync(watched: true);
        var pairs = new List<(Cost Alone, Cost Watched)>();
        for (int i = 0; i < Pairs; i++)
        {
            // Which of the two goes first changes, so that a machine that slows down favours neither.
            bool watchedFirst = i % 2 == 1;
            var first = await MeasureAsync(watchedFirst);
            var second = await MeasureAsync(!watchedFirst);
            var pair = watchedFirst ? (second, first) : (first, second);
            pairs.Add(pair);
            Watched.Print($"{i + 1}: alone {pair.Item1}; watched {pair.Item2}, {pair.Item2.Updates} updates of {pair.Item2.Bytes / 1024.0 / pair.Item2.Updates:N1} KiB");
        }

        double processor = Median(pairs.Select(pair => pair.Watched.Processor / pair.Alone.Processor));
        double elapsed = Median(pairs.Select(pair => pair.Watched.Elapsed / pair.Alone.Elapsed));
        Watched.Print($"median of {Pairs} ratios, watched to alone: processor time {processor:N3}, elapsed {elapsed:N3}");
    }

    /// <summary>What is paid once: the server's start, which is before the first chunk, and the first page that is opened.</summary>
    private static async Task StartAsync()
    {
        await using var feed = new JobFeed(new JobDocument(new JobSpec(), new ExecutionSettings()), TimeProvider.System);
        using var metrics = new JobMetrics(feed);
        using var exporter = new MetricsExporter(metrics.Meter);
        var before = Watched.Processor();
        await using var page = await DashboardEndpoint.StartAsync(new HostPort("127.0.0.1", 0), feed, exporter, TimeProvider.System);
        var started = Watched.Processor();
        // By a client without code of its own that would have to be compiled.
        var address = new Uri(page.Url);
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(address.Host, address.Port);
            var stream = client.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET / HTTP/1.1\r\nHost: {address.Authority}\r\nConnection: close\r\n\r\n"));
            await stream.CopyToAsync(Stream.Null);
        }

        Watched.Print($"once: {(started - before).TotalMilliseconds:N0} ms of a processor for the server's start, {(Watched.Processor() - started).TotalMilliseconds:N0} ms for the first page");
    }

    /// <summary>One update of a large job, of which a second has four at most: everything but sending it.</summary>
    private static void Update(int workers, int blocks)
    {
        const int Times = 201;
        var spec = new JobSpec { Probes = 1_000_000, VBatch = 1 };
        string[] names = [.. Enumerable.Range(0, blocks).Select(i => $"layers.{i}.weight")];
        WorkerKey[] keys = [.. Enumerable.Range(0, workers).Select(Watched.Worker)];
        var state = Watched.Job(spec, workers, names);
        var job = state.Job;
        var results = new ChunkResults(spec, names);
        for (int i = 0; i < 999; i++) results.Accept(i, keys[0], new ProbeValues(i, blocks, [.. Enumerable.Range(0, blocks).Select(b => b + i % 7.0)]));

        var times = new List<double>();
        for (int i = 0; i < Times; i++)
        {
            var before = state;
            // Something has happened to each of them since.
            foreach (var key in keys) state = state.Apply(new WorkerReported(key, new WorkerStatus(job, true, 2, []))).State;
            long start = Stopwatch.GetTimestamp();
            var estimate = results.Estimate();
            var look = new JobLook(state, new JobProgress(999, 1_000_000, TimeSpan.FromSeconds(9), estimate), results.History);
            _ = JobNews.Between(before, state).Count();
            var sight = new JobSight(new JobDocument(spec, new ExecutionSettings()), look, null, null, null, [], job);
            // A page that was there before gets the new points alone.
            long bytes = sight.Json.Length + sight.History(i == 0 ? 0 : look.Points.Count - 2).Length;
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            if (i == 0) Watched.Print($"one update: {workers:N0} workers, {blocks} blocks, {bytes / 1024.0:N1} KiB with the whole curve");
        }

        Watched.Print($"one update: {times.Order().ElementAt(Times / 2):N2} ms, of which a second has at most four");
    }

    private static async Task<Cost> MeasureAsync(bool watched)
    {
        using var output = new StringWriter();
        using var error = new UrlWriter();
        var before = Watched.Processor();
        var run = new ActorHutchCommand(new Terminal(output, error), new TorchReplicaFactory())
            .RunAsync(watched ? [.. Job, "--dashboard", "127.0.0.1:0"] : Job, CancellationToken.None);
        var (updates, bytes) = watched ? await ReadAsync(await error.Url) : (0, 0);
        if (await run != 0) throw new InvalidOperationException($"The job failed: {error}");
        double processor = (Watched.Processor() - before).TotalSeconds;
        double elapsed = JsonDocument.Parse(output.ToString()).RootElement.GetProperty("elapsedSeconds").GetDouble();
        return new Cost(processor, elapsed, updates, bytes);
    }

    /// <summary>What a page does with its events, short of drawing.</summary>
    private static async Task<(int Updates, long Bytes)> ReadAsync(string url)
    {
        using var client = new HttpClient();
        using var reader = new StreamReader(await client.GetStreamAsync(new Uri(url + "events")));
        (int updates, long bytes) = (0, 0);
        while (await reader.ReadLineAsync() is { } line)
        {
            bytes += line.Length + 1;
            if (line == "event: state") updates++;
        }

        return (updates, bytes);
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Pairs / 2);

    private sealed record Cost(double Processor, double Elapsed, int Updates, long Bytes)
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Processor:N2} s of a processor in {Elapsed:N2} s");
    }

    /// <summary>Hears where the page is.</summary>
    private sealed class UrlWriter : StringWriter
    {
        private readonly TaskCompletionSource<string> _url = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> Url => _url.Task;

        public override Task WriteLineAsync(string? value)
        {
            if (value?.LastIndexOf("http://", StringComparison.Ordinal) is >= 0 and var start) _url.TrySetResult(value[start..]);
            return base.WriteLineAsync(value);
        }
    }
}
