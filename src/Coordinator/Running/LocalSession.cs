using System.Globalization;
using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.GpuWorker.Actors;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.GpuWorker.Running;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Jobs;
using Akka.Actor;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Serilog.Events;

namespace ActorHutch.Coordinator.Running;

/// <summary>
/// Local mode: a coordinator and its workers in one process. They are the same actors that a cluster has, and say the
/// same things to each other.
/// </summary>
internal sealed class LocalSession : Session
{
    private readonly double _verifyFraction;

    private LocalSession(IHost host, IActorRef coordinator, IReadOnlyList<string> devices, double verifyFraction)
        : base(host, coordinator)
    {
        _verifyFraction = verifyFraction;
        Devices = devices;
    }

    /// <summary>One device a worker.</summary>
    public IReadOnlyList<string> Devices { get; }

    /// <summary>Starts the actors, and loads libtorch meanwhile.</summary>
    /// <param name="settings">What runs where; valid, and with a device that exists.</param>
    /// <param name="replicas">Makes the workers' replicas.</param>
    /// <param name="log">Where log lines go.</param>
    /// <param name="level">The least important ones that do.</param>
    /// <param name="verifyFraction">The share of chunks that a second worker computes too.</param>
    /// <exception cref="Curvature.CurvatureException">libtorch cannot be loaded.</exception>
    public static async Task<LocalSession> StartAsync(
        ExecutionSettings settings, IReplicaFactory replicas, TextWriter log, LogEventLevel level,
        double verifyFraction = 0)
    {
        var cudaDevices = Task.Run(() => replicas.CudaDeviceCount);
        var host = NodeHost.Build(log, level);
        try
        {
            await Task.WhenAll(host.StartAsync(), cudaDevices).ConfigureAwait(false);
            var system = host.Services.GetRequiredService<ActorSystem>();
            var coordinator = system.ActorOf(CoordinatorActor.Props(), ActorHutchSystem.CoordinatorName);
            var devices = Placement.Devices(settings, await cudaDevices.ConfigureAwait(false), Environment.ProcessorCount);
            for (int i = 0; i < devices.Count; i++)
            {
                string id = string.Create(CultureInfo.InvariantCulture, $"worker-{i + 1}");
                system.ActorOf(WorkerActor.Props(SettingsOf(id, devices[i], settings), replicas), id);
            }

            return new LocalSession(host, coordinator, devices, verifyFraction);
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }

    protected override JobPolicy NextPolicy() => new()
    {
        // All of them, so that a timing is of all of them; and no other will come, so there is little to wait for.
        MinWorkers = Devices.Count,
        WorkerWait = TimeSpan.FromSeconds(5),
        VerifyFraction = _verifyFraction,
    };

    private static WorkerSettings SettingsOf(string id, string device, ExecutionSettings settings) => new(id, device)
    {
        Threads = settings.ThreadsPerWorker,
        MemoryBytes = device == "cpu" ? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes : null,
    };
}
