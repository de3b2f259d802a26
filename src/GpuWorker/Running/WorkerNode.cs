using System.Globalization;
using ActorHutch.GpuWorker.Actors;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.Shared.Health;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Metrics;
using Serilog.Events;

namespace ActorHutch.GpuWorker.Running;

/// <summary>A worker's process: joins, works, and joins again when its coordinator is gone, until it is told to leave.</summary>
internal sealed class WorkerNode(WorkerRequest request, IReplicaFactory replicas, LogSettings log)
{
    /// <summary>A condition of its health.</summary>
    public const string ReplicaCondition = "holding a verified replica";

    /// <summary>So long it looks for a coordinator before it looks why there is none.</summary>
    private static readonly TimeSpan HintTime = TimeSpan.FromSeconds(5);

    private readonly NodeHealth _health = new(NodeHealth.Member, ReplicaCondition);

    /// <summary>Runs until it is told to leave, or finds no coordinator.</summary>
    /// <param name="devices">One worker each.</param>
    /// <param name="leave">Tells it to leave.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public async Task<int> RunAsync(IReadOnlyList<string> devices, CancellationToken leave)
    {
        using var notReady = leave.Register(_health.Leave);
        using var metrics = request.Health is null ? null : new MetricsExporter(WorkerMetrics.Meter);
        var endpoint = request.Health is { } listen
            ? await HealthEndpoint.StartAsync(listen, _health, metrics, request.Cluster.MetricsForOthers).ConfigureAwait(false)
            : null;
        try
        {
            WorkerSettings[] workers = [.. devices.Select((device, i) => SettingsOf(device, i, devices.Count))];
            var search = new SearchTime(request.Cluster.JoinTimeout, TimeProvider.System);
            using var end = CancellationTokenSource.CreateLinkedTokenSource(leave);
            var hint = HintAsync(search, end.Token);
            bool isDone = false;
            while (true)
            {
                var last = await RunOnceAsync(workers, search, leave).ConfigureAwait(false);
                bool ends = last is MembershipEnd.Left or MembershipEnd.GaveUp || request.UntilJobDone && last == MembershipEnd.Dismissed;
                if (ends)
                {
                    await end.CancelAsync().ConfigureAwait(false);
                    await hint.ConfigureAwait(false);
                    return await ConcludeAsync(last, isDone).ConfigureAwait(false);
                }

                isDone = last == MembershipEnd.Dismissed;
            }
        }
        finally
        {
            if (endpoint is not null) await endpoint.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>One membership.</summary>
    private async Task<MembershipEnd> RunOnceAsync(WorkerSettings[] workers, SearchTime search, CancellationToken leave)
    {
        var membership = Membership.Begin(
            request.Cluster, workers, replicas, search, _health, log, request.UntilJobDone);
        await using (membership.ConfigureAwait(false))
        {
            var told = new TaskCompletionSource();
            using var registration = leave.Register(() => told.TrySetResult());
            await Task.WhenAny(membership.End, told.Task).ConfigureAwait(false);
            if (leave.IsCancellationRequested)
            {
                await membership.LeaveAsync().ConfigureAwait(false);
                bool done = request.UntilJobDone && membership.End is { IsCompletedSuccessfully: true, Result: MembershipEnd.Dismissed };
                return done ? MembershipEnd.Dismissed : MembershipEnd.Left;
            }

            var end = await membership.End.ConfigureAwait(false);
            if (end == MembershipEnd.Dismissed)
            {
                if (request.UntilJobDone) _health.Leave();
                return end;
            }

            if (end == MembershipEnd.CoordinatorLost)
                log.Tell(LogEventLevel.Warning, "The coordinator is gone, or removed this node; looking for it again.");
            await membership.GoAsync().ConfigureAwait(false);
            return end;
        }
    }

    /// <summary>The exit code, and the last line where no coordinator is there.</summary>
    /// <param name="last">How the last membership ended.</param>
    /// <param name="isDone">Whether the coordinator before had said that its work was done.</param>
    private async Task<int> ConcludeAsync(MembershipEnd last, bool isDone)
    {
        // A worker that is there for one job and is told to leave before the job is done has not done what it was there
        // for: whoever started it may want another in its place.
        if (last == MembershipEnd.Left) return request.UntilJobDone ? ExitCode.Interrupted : ExitCode.Done;
        if (last == MembershipEnd.Dismissed) return ExitCode.Done;

        string time = SeedNodes.Seconds(request.Cluster.JoinTimeout!.Value);
        if (isDone)
        {
            log.Tell(LogEventLevel.Information, $"No other coordinator came in {time}: this worker ends.");
            return ExitCode.Done;
        }

        log.Tell(LogEventLevel.Error, await SeedNodes.ExplainAsync($"No coordinator was found in {time}.", request.Cluster).ConfigureAwait(false));
        return ExitCode.Failed;
    }

    /// <summary>
    /// Says, once, what waiting will not mend: who waits for a seed node that goes by another name may wait for minutes.
    /// Until then it looks now and then, for the coordinator may come later.
    /// </summary>
    private async Task HintAsync(SearchTime search, CancellationToken end)
    {
        try
        {
            while (true)
            {
                await Task.Delay(HintTime, end).ConfigureAwait(false);
                if (search.Searched < HintTime) continue;
                var lasting = (await SeedNodes.LookAsync(request.Cluster, end).ConfigureAwait(false)).Where(seed => seed.Lasts).ToArray();
                foreach (var seed in lasting) log.Tell(LogEventLevel.Warning, seed.ToString());
                if (lasting.Length > 0) return;
            }
        }
        catch (OperationCanceledException)
        {
            // It was found, or is looked for no more.
        }
    }

    private WorkerSettings SettingsOf(string device, int index, int count)
    {
        bool cpu = device == "cpu";
        string id = count == 1 ? request.Id : string.Create(CultureInfo.InvariantCulture, $"{request.Id}/{index + 1}");
        return new WorkerSettings(id, device)
        {
            Threads = request.Settings.ThreadsPerWorker,
            WorkersHere = count,
            MemoryBytes = cpu ? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes : null,
            Kind = replicas.KindOf(device),
            Coordinator = null,
            Files = request.Assemblies,
            Cache = request.Cache,
            AllowTorchScript = request.AllowTorchScript,
        };
    }
}
