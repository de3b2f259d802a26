using ActorHutch.Coordinator.Dashboard;
using ActorHutch.GpuWorker.Actors;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Metrics;

namespace ActorHutch.Coordinator.CommandLine;

/// <summary>Everything by which a job is watched from outside: the feed, the metrics, and the page where one is asked for.</summary>
internal sealed class JobWatch : IAsyncDisposable
{
    private readonly JobMetrics _job;
    private DashboardEndpoint? _page;

    private JobWatch(Request request)
    {
        Feed = new JobFeed(request.Job, TimeProvider.System);
        _job = new JobMetrics(Feed);
        Metrics = new MetricsExporter(_job.Meter, WorkerMetrics.Meter);
    }

    /// <summary>What is to be told of the job.</summary>
    public JobFeed Feed { get; }

    /// <summary>The job's metrics, and those of the workers of this process.</summary>
    public MetricsExporter Metrics { get; }

    /// <summary>Listens where that was asked for, and says where; null where nobody can watch.</summary>
    /// <exception cref="ListenException">The address cannot be listened on.</exception>
    public static async Task<JobWatch?> StartAsync(Request request, Terminal terminal)
    {
        if (request.Dashboard is null && request.Cluster?.Health is null) return null;
        var watch = new JobWatch(request);
        if (request.Dashboard is not { } listen) return watch;
        try
        {
            watch._page = await DashboardEndpoint.StartAsync(listen, watch.Feed, watch.Metrics, TimeProvider.System).ConfigureAwait(false);
        }
        catch
        {
            await watch.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        await terminal.Error.WriteLineAsync($"The dashboard is at {watch._page.Url}").ConfigureAwait(false);
        return watch;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // First the feed, whose last word is what lets the pages go.
        await Feed.DisposeAsync().ConfigureAwait(false);
        if (_page is not null) await _page.DisposeAsync().ConfigureAwait(false);
        Metrics.Dispose();
        _job.Dispose();
    }
}
