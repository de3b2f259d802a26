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
            ? await HealthEndpoint.StartAsync(listen, _health, metrics, request.Cluster.Insecure).ConfigureAwait(false)
            : null;
        try
        {
            WorkerSettings[] workers = [.. devices.Select((device, i) => SettingsOf(device, i, devices.Count))];
            var search = new SearchTime(request.Cluster.JoinTimeout, TimeProvider.System);
            using var end = CancellationTokenSource.CreateLinkedTokenSource(leave);
            var hint = HintAsync(search, end.Token);
            int? code;
            do code = await RunOnceAsync(workers, search, leave).ConfigureAwait(false);
            while (code is null);
            await end.CancelAsync().ConfigureAwait(false);
            await hint.ConfigureAwait(false);
            return code.Value;
        }
        finally
        {
            if (endpoint is not null) await endpoint.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>One membership; null where another should follow.</summary>
    private async Task<int?> RunOnceAsync(WorkerSettings[] workers, SearchTime search, CancellationToken leave)
    {
        var membership = await Membership.BeginAsync(
            request.Cluster, workers, replicas, search, _health, log).ConfigureAwait(false);
        await using (membership.ConfigureAwait(false))
        {
            var told = new TaskCompletionSource();
            using var registration = leave.Register(() => told.TrySetResult());
            await Task.WhenAny(membership.End, told.Task).ConfigureAwait(false);
            if (leave.IsCancellationRequested)
            {
                await membership.LeaveAsync().ConfigureAwait(false);
                return CodeOfLeaving(membership);
            }

            switch (await membership.End.ConfigureAwait(false))
            {
                case MembershipEnd.Dismissed when request.UntilJobDone:
                    _health.Leave();
                    return ExitCode.Done;
                case MembershipEnd.GaveUp:
                    var found = await SeedNodes.LookAsync(request.Cluster, CancellationToken.None).ConfigureAwait(false);
                    log.Tell(LogEventLevel.Error, string.Create(CultureInfo.InvariantCulture,
                        $"No coordinator was found in {request.Cluster.JoinTimeout!.Value.TotalSeconds:0.#} s. "
                        + $"Looked at {string.Join(", ", request.Cluster.SeedNodes)}.{string.Concat(found.Select(one => $"\n  {one}"))}"));
                    await membership.GoAsync().ConfigureAwait(false);
                    return ExitCode.Failed;
                case MembershipEnd.Dismissed:
                    return null;
                default:
                    log.Tell(LogEventLevel.Warning, "The coordinator is gone, or gave this node up; looking for it again.");
                    await membership.GoAsync().ConfigureAwait(false);
                    return null;
            }
        }
    }

    /// <summary>
    /// Says, once, that a seed node was named otherwise than it names itself: who waits for it may wait for minutes. Until
    /// then it looks now and then, for the coordinator may come later.
    /// </summary>
    private async Task HintAsync(SearchTime search, CancellationToken end)
    {
        try
        {
            while (true)
            {
                await Task.Delay(HintTime, end).ConfigureAwait(false);
                if (search.Searched < HintTime) continue;
                var misnamed = (await SeedNodes.LookAsync(request.Cluster, end).ConfigureAwait(false)).Where(seed => seed.IsMisnamed).ToArray();
                foreach (var seed in misnamed) log.Tell(LogEventLevel.Warning, seed.ToString());
                if (misnamed.Length > 0) return;
            }
        }
        catch (OperationCanceledException)
        {
            // It was found, or is looked for no more.
        }
    }

    /// <summary>
    /// A worker that is there for one job and is told to leave before the job is done has not done what it was there
    /// for: whoever started it may want another in its place.
    /// </summary>
    private int CodeOfLeaving(Membership membership)
    {
        bool dismissed = membership.End is { IsCompletedSuccessfully: true, Result: MembershipEnd.Dismissed };
        return request.UntilJobDone && !dismissed ? ExitCode.Interrupted : ExitCode.Done;
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
