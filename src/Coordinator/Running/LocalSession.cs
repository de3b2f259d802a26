using System.Globalization;
using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.Journal;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.GpuWorker.Actors;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.GpuWorker.Running;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using Akka.Actor;

namespace ActorHutch.Coordinator.Running;

/// <summary>
/// Local mode: a coordinator and its workers in one process. They are the same actors that a cluster has, and say the
/// same things to each other.
/// </summary>
internal sealed class LocalSession : Session
{
    private readonly JobPolicy _policy;

    private LocalSession(
        ActorSystem system, IActorRef coordinator, IReadOnlyList<IActorRef> workers, IReadOnlyList<string> devices,
        JobPolicy policy)
        : base(system, coordinator, workers)
    {
        _policy = policy;
        Devices = devices;
    }

    /// <summary>One device a worker.</summary>
    public IReadOnlyList<string> Devices { get; }

    /// <summary>Starts the actors, and loads libtorch meanwhile.</summary>
    /// <param name="settings">What runs where; valid, and with a device that exists.</param>
    /// <param name="replicas">Makes the workers' replicas.</param>
    /// <param name="log">Where log lines go, and which.</param>
    /// <param name="policy">What the command line says about the jobs; null for nothing.</param>
    /// <param name="state">Where what is accepted is kept; null for nowhere. The caller closes it after the session.</param>
    /// <param name="files">The files that jobs name; null for none.</param>
    /// <exception cref="Curvature.CurvatureException">libtorch cannot be loaded.</exception>
    public static async Task<LocalSession> StartAsync(
        ExecutionSettings settings, IReplicaFactory replicas, LogSettings log,
        JobPolicy? policy = null, StateDirectory? state = null, BlobStore? files = null)
    {
        var cudaDevices = Task.Run(() => replicas.CudaDeviceCount);
        var system = NodeSystem.Start(log, state?.Configuration);
        try
        {
            var coordinator = system.ActorOf(CoordinatorActor.Props(journaled: state is not null), CoordinatorAddress.Name);
            var devices = WorkerDevices.Devices(settings, await cudaDevices.ConfigureAwait(false), Environment.ProcessorCount);
            var workers = devices.Select((device, i) =>
            {
                string id = string.Create(CultureInfo.InvariantCulture, $"worker-{i + 1}");
                return system.ActorOf(WorkerActor.Props(SettingsOf(id, device, replicas.KindOf(device), settings, files) with { WorkersHere = devices.Count }, replicas), id);
            });
            return new LocalSession(system, coordinator, [.. workers], devices, policy ?? new JobPolicy());
        }
        catch
        {
            system.Dispose();
            throw;
        }
    }

    protected override JobPolicy NextPolicy() => _policy with
    {
        // All of them, so that a timing is of all of them; and no other will come, so there is little to wait for.
        MinWorkers = Devices.Count,
        BeginsWithFewer = true,
        WorkerWait = TimeSpan.FromSeconds(5),
    };

    private static WorkerSettings SettingsOf(string id, string device, string kind, ExecutionSettings settings, BlobStore? files) => new(id, device)
    {
        Threads = settings.ThreadsPerWorker,
        Files = files ?? new BlobStore(),
        Kind = kind,
        MemoryBytes = device == "cpu" ? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes : null,
    };
}
