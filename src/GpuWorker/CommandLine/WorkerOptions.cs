using ActorHutch.GpuWorker.Running;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.CommandLine;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Options;
using static ActorHutch.Shared.Options.OptionEntry;

namespace ActorHutch.GpuWorker.CommandLine;

/// <summary>The options of a worker.</summary>
internal static class WorkerOptions
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<OptionEntry<WorkerRequest>> All { get; } =
    [
        .. Under("Cluster",
        [
            .. NodeOptions.Entries(
                WorkerRequest.DefaultNode, "Nodes of the cluster, by the addresses they advertise; the coordinator's is enough", "",
                "How long to look for a coordinator before giving up")
                .In((WorkerRequest worker) => worker.Cluster, (worker, node) => worker with { Cluster = node })
                // What must be said comes first.
                .OrderByDescending(entry => entry.Default.Length == 0),
            Flag("until-job-done", "Exit with code 0 once the coordinator's job is done, and with 130 when interrupted before",
                (WorkerRequest worker) => worker.UntilJobDone, (worker, value) => worker with { UntilJobDone = value }),
        ]),
        .. Under("How it runs",
        [
            Of("id", "The worker's name in reports, which no other worker may have", "the machine's name with the port, or with the process's number where --listen leaves the port open", Formats.Text("NAME", "must be a name"),
                (WorkerRequest worker) => worker.Name, (worker, value) => worker with { Name = value }),
            .. new[] { ExecutionOptions.Device, ExecutionOptions.Workers("The number of workers in this process", "one per device"), ExecutionOptions.Threads }
                .In((WorkerRequest worker) => worker.Settings, (worker, settings) => worker with { Settings = settings }),
            Of("cache", "The directory in which models and data from the coordinator are kept", "actorhutch/blobs in the user's cache folder", Formats.Folder,
                (WorkerRequest worker) => worker.Cache.Directory, (worker, value) => worker with { Cache = new BlobCache(value) }),
            Of("model-assembly", "An assembly from which jobs may take their model; can be given several times", "none", Formats.File,
                (WorkerRequest worker) => worker.AssemblyFiles, (worker, value) => worker with { AssemblyFiles = [.. worker.AssemblyFiles, value] }) with
            {
                Repeats = true,
            },
            Flag("allow-torchscript", "Run models that the coordinator sends as TorchScript, which can run any code",
                (WorkerRequest worker) => worker.AllowTorchScript, (worker, value) => worker with { AllowTorchScript = value }) with
            {
                Default = "models as descriptions (model.json) alone",
            },
        ]),
        .. Under("Output", LogOptions.Entries(WorkerRequest.DefaultLogLevel)
            .In((WorkerRequest worker) => worker.Log, (worker, log) => worker with { Log = log })),
    ];

    private static IEnumerable<OptionEntry<WorkerRequest>> Under(string heading, IEnumerable<OptionEntry<WorkerRequest>> entries) =>
        entries.Select(entry => entry with { Group = heading });
}
