using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Coordinator.Reports;
using ActorHutch.Coordinator.Scheduling;

namespace ActorHutch.Coordinator.Dashboard;

/// <summary>
/// Looks at a running job, four times a second while somebody watches and once a second otherwise, and keeps what it
/// saw last. The coordinator answers with a value; all that is made of it is made on other threads, for all who watch
/// at once.
/// </summary>
/// <param name="job">What was asked for.</param>
/// <param name="time">Tells when to look.</param>
internal sealed class JobFeed(JobDocument job, TimeProvider time) : IAsyncDisposable
{
    /// <summary>How often it looks while somebody watches: no page gets more updates than that.</summary>
    public static readonly TimeSpan WatchedInterval = TimeSpan.FromMilliseconds(250);

    private const int UnwatchedTicks = 4;
    private const int MaxNews = 40;

    private readonly CancellationTokenSource _stop = new();
    private readonly List<NewsItem> _news = [];
    private readonly Lock _lock = new();
    private Task _following = Task.CompletedTask;
    private JobLook _look = new(null, null, [], 1);
    private JobResult? _result;
    private Report? _report;
    private TaskCompletionSource _next = NewSignal();
    private volatile JobSight _latest = JobSight.Nothing(job);
    private int _watchers;

    /// <summary>What is known; another object each time.</summary>
    public JobSight Latest => _latest;

    /// <summary>Begins to look.</summary>
    /// <param name="look">Asks the coordinator.</param>
    public void Follow(Func<CancellationToken, Task<JobLook>> look) => _following = FollowAsync(look, _stop.Token);

    /// <summary>Somebody watches until it is disposed of.</summary>
    public IDisposable Watch() => new Watcher(this);

    /// <summary>Completes when there is something newer than what the caller has.</summary>
    public Task NewerAsync(JobSight than)
    {
        lock (_lock) return Latest == than ? _next.Task : Task.CompletedTask;
    }

    /// <summary>The job has its result.</summary>
    public void Finished(JobResult result)
    {
        lock (_lock)
        {
            Hear(result.State);
            (_look, _result) = (new JobLook(result.State, _look.Progress, result.History), result);
            Publish();
        }
    }

    /// <summary>All is done: the last that is to be told.</summary>
    public void Ended(Report report)
    {
        lock (_lock)
        {
            _report = report;
            End(JobViews.EndOf(report));
        }
    }

    /// <summary>Tells whoever watches that nothing more comes.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _following.ConfigureAwait(false);
        lock (_lock)
        {
            string? why = _result is { Succeeded: false } result ? result.Outcome.Message : null;
            End(new EndView("failed", why ?? "It ended without a result."));
        }

        _stop.Dispose();
    }

    private async Task FollowAsync(Func<CancellationToken, Task<JobLook>> look, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(WatchedInterval, time);
        try
        {
            for (int ticks = 0; _result is null; ticks++)
            {
                if (ticks % UnwatchedTicks == 0 || Volatile.Read(ref _watchers) > 0) Take(await TryAsync(look, stop).ConfigureAwait(false));
                await timer.WaitForNextTickAsync(stop).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // It is told to stop.
        }
    }

    /// <summary>A look; null where the coordinator is too busy to answer, or gone.</summary>
    private static async Task<JobLook?> TryAsync(Func<CancellationToken, Task<JobLook>> look, CancellationToken stop)
    {
        try
        {
            return await look(stop).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // Whatever it is, the job is none the worse for not being looked at.
            return null;
        }
    }

    private void Take(JobLook? look)
    {
        // A job of another estimator is one that runs beside this one, for the same report.
        if (look is not { State: { } state } || state.Spec.Estimator != job.Spec.Estimator) return;
        lock (_lock)
        {
            if (_result is not null) return;
            bool nothingNew = ReferenceEquals(state, _look.State) && look.Progress is null;
            if (nothingNew) return;
            Hear(state);
            _look = look;
            Publish();
        }
    }

    private void Hear(JobState state)
    {
        foreach (var (mood, text) in JobNews.Between(_look.State, state)) Add(mood, text);
    }

    private void Add(NewsMood mood, string text)
    {
        _news.Insert(0, new NewsItem(time.GetUtcNow(), mood, text));
        if (_news.Count > MaxNews) _news.RemoveAt(MaxNews);
    }

    private void End(EndView end)
    {
        if (Latest.IsLast) return;
        bool good = _result is { Succeeded: true };
        Add(good ? NewsMood.Good : NewsMood.Bad, $"The job has ended: {end.Text.TrimEnd('.')}");
        Publish(end);
    }

    private void Publish(EndView? end = null)
    {
        _latest = new JobSight(job, _look, _result, _report, end, [.. _news], _latest.Run);
        _next.SetResult();
        _next = NewSignal();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Watcher : IDisposable
    {
        private readonly JobFeed _feed;

        public Watcher(JobFeed feed) => Interlocked.Increment(ref (_feed = feed)._watchers);

        public void Dispose() => Interlocked.Decrement(ref _feed._watchers);
    }
}
