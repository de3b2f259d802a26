using System.Diagnostics.Metrics;

namespace ActorHutch.GpuWorker.Actors;

/// <summary>What this process's workers have computed, for whoever collects metrics. Nothing is kept where nobody does.</summary>
public static class WorkerMetrics
{
    /// <summary>The instruments' meter: one for the process, as its workers are.</summary>
    public static Meter Meter { get; } = new("ActorHutch.Worker");

    private static readonly Counter<long> Chunks = Meter.CreateCounter<long>(
        "actorhutch.worker.chunks", "{chunk}", "Chunks that the worker computed.");

    private static readonly Counter<long> Probes = Meter.CreateCounter<long>(
        "actorhutch.worker.probes", "{probe}", "Probes of these chunks.");

    private static readonly Counter<double> Compute = Meter.CreateCounter<double>(
        "actorhutch.worker.compute", "s", "Time that the worker computed chunks.");

    private static readonly Counter<double> Wait = Meter.CreateCounter<double>(
        "actorhutch.worker.wait", "s", "Time that the worker's device was idle between chunks.");

    private static readonly Counter<long> Received = Meter.CreateCounter<long>(
        "actorhutch.worker.fetched", "By", "Bytes of models and data that came to the worker from the coordinator.");

    /// <summary>Bytes of models and data came to a worker.</summary>
    public static void Fetched(string worker, int bytes) => Received.Add(bytes, KeyValuePair.Create("worker", (object?)worker));

    /// <summary>A worker has computed a chunk of so many probes; or none yet, so that its counters begin at 0.</summary>
    public static void Computed(string worker, int probes, double computeSeconds, double waitSeconds)
    {
        var label = KeyValuePair.Create("worker", (object?)worker);
        Chunks.Add(probes > 0 ? 1 : 0, label);
        Probes.Add(probes, label);
        Compute.Add(computeSeconds, label);
        Wait.Add(waitSeconds, label);
    }
}
