using System.Globalization;
using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.Journal;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Operators;
using ActorHutch.GpuWorker.Actors;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Jobs;
using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Serilog;
using Serilog.Events;

namespace ActorHutch.Coordinator.Running;

/// <summary>
/// Local mode: a coordinator and its workers in one process. They are the same actors that a cluster has, and say the
/// same things to each other.
/// </summary>
internal sealed class LocalSession : IAsyncDisposable
{
    private readonly IHost _host;
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);

    private readonly ActorSystem _system;
    private readonly IReadOnlyList<IActorRef> _workers;
    private readonly JobClient _client;
    private readonly ExecutionSettings _settings;

    private LocalSession(
        IHost host, ActorSystem system, IActorRef coordinator, IReadOnlyList<IActorRef> workers,
        ExecutionSettings settings, IReadOnlyList<string> devices)
    {
        _host = host;
        _system = system;
        _workers = workers;
        _client = new JobClient(system, coordinator);
        _settings = settings;
        Devices = devices;
    }

    /// <summary>One device a worker.</summary>
    public IReadOnlyList<string> Devices { get; }

    /// <summary>Starts the actors, and loads libtorch meanwhile.</summary>
    /// <param name="settings">What runs where; valid, and with a device that exists.</param>
    /// <param name="replicas">Makes the workers' replicas.</param>
    /// <param name="log">Where log lines go.</param>
    /// <param name="level">The least important ones that do.</param>
    /// <param name="state">Where what is accepted is kept; null for nowhere. The caller closes it after the session.</param>
    /// <exception cref="Curvature.CurvatureException">libtorch cannot be loaded.</exception>
    public static async Task<LocalSession> StartAsync(
        ExecutionSettings settings, IReplicaFactory replicas, TextWriter log, LogEventLevel level,
        StateDirectory? state = null)
    {
        var cudaDevices = Task.Run(() => replicas.CudaDeviceCount);
        var host = BuildHost(log, level, state);
        try
        {
            await Task.WhenAll(host.StartAsync(), cudaDevices).ConfigureAwait(false);
            var system = host.Services.GetRequiredService<ActorSystem>();
            var coordinator = system.ActorOf(CoordinatorActor.Props(journaled: state is not null), ActorHutchSystem.CoordinatorName);
            var devices = Placement.Devices(settings, await cudaDevices.ConfigureAwait(false), Environment.ProcessorCount);
            var workers = devices.Select((device, i) =>
            {
                string id = string.Create(CultureInfo.InvariantCulture, $"worker-{i + 1}");
                return system.ActorOf(WorkerActor.Props(SettingsOf(id, device, settings), replicas), id);
            });
            return new LocalSession(host, system, coordinator, [.. workers], settings, devices);
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }

    /// <summary>Runs a job on all workers.</summary>
    /// <param name="spec">What to compute.</param>
    /// <param name="laneLimit">An exact trace of more basis vectors is not begun.</param>
    /// <param name="observer">Looks on; may be null.</param>
    /// <param name="cancellation">Interrupts the job, which then ends with what it has.</param>
    public Task<JobResult> RunAsync(
        JobSpec spec, long? laneLimit = null, IJobObserver? observer = null, CancellationToken cancellation = default)
    {
        // All of them, so that a timing is of all of them; and no other will come, so there is little to wait for.
        var policy = new JobPolicy
        {
            MinWorkers = Devices.Count,
            WorkerWait = TimeSpan.FromSeconds(5),
            LaneLimit = laneLimit,
            // Settled here for all workers, whose machines may differ: stacks of one shape everywhere.
            MemoryBudget = _settings.MemoryBudget ?? CurvatureOptions.DefaultMemoryBudget,
        };
        return _client.RunAsync(spec, policy, observer, cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await StopWorkersAsync().ConfigureAwait(false);
        await FlushLogAsync().ConfigureAwait(false);
        await _host.StopAsync().ConfigureAwait(false);
        _host.Dispose();
    }

    /// <summary>
    /// Workers go first, and by the mailbox: then they hear of their job's end, and give up what they compute.
    /// </summary>
    private async Task StopWorkersAsync()
    {
        try
        {
            await Task.WhenAll(_workers.Select(worker => worker.GracefulStop(StopTimeout))).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // A computation that cannot be interrupted: the process will end it.
        }
    }

    /// <summary>
    /// Waits until the logger has read its mail: it is an actor, and what it has not read when it stops is lost.
    /// </summary>
    private async Task FlushLogAsync()
    {
        try
        {
            await _system.ActorSelection("/system/log*").ResolveOne(StopTimeout).ConfigureAwait(false);
        }
        catch (ActorNotFoundException)
        {
            // No logger, nothing to wait for.
        }
    }

    private static IHost BuildHost(TextWriter log, LogEventLevel level, StateDirectory? state)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton<IHostLifetime, ProgramLifetime>();
        builder.Services.AddSerilog(
            logger => logger.MinimumLevel.Is(level).WriteTo.Sink(new WriterSink(log)),
            // Serilog's static logger is one for the process, and a session has a writer of its own.
            preserveStaticLogger: true);
        builder.Services.AddAkka(ActorHutchSystem.Name, akka => akka
            .WithActorHutch()
            .WithJournal(state)
            .ConfigureLoggers(loggers =>
            {
                loggers.LogLevel = AkkaLevel(level);
                loggers.ClearLoggers();
                loggers.AddLoggerFactory();
            }));
        return builder.Build();
    }

    private static WorkerSettings SettingsOf(string id, string device, ExecutionSettings settings) => new(id, device)
    {
        Threads = settings.ThreadsPerWorker,
        MemoryBytes = device == "cpu" ? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes : null,
    };

    private static Akka.Event.LogLevel AkkaLevel(LogEventLevel level) => level switch
    {
        LogEventLevel.Verbose or LogEventLevel.Debug => Akka.Event.LogLevel.DebugLevel,
        LogEventLevel.Information => Akka.Event.LogLevel.InfoLevel,
        LogEventLevel.Warning => Akka.Event.LogLevel.WarningLevel,
        _ => Akka.Event.LogLevel.ErrorLevel,
    };
}
