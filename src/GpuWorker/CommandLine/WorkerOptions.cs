using System.CommandLine;
using ActorHutch.Shared.CommandLine;
using ActorHutch.Shared.CommandLine.Help;
using ActorHutch.Shared.Hosting;
using Serilog.Events;
using static ActorHutch.Shared.CommandLine.TypedOption;

namespace ActorHutch.GpuWorker.CommandLine;

/// <summary>The options of <c>actorhutch-worker</c>.</summary>
internal sealed class WorkerOptions
{
    public NodeOptions Node { get; } = new(
        "127.0.0.1:0, any port that is free",
        "Nodes of the cluster, as they advertise themselves: the coordinator is enough. Required",
        "How long to look for a coordinator before giving up. Default: 300");

    public Option<string?> Id { get; } = new("--id")
    {
        HelpName = "NAME",
        Description = "The worker's name in reports, another one for each. Default: the machine's name and the port",
    };

    public Option<string?> Device { get; } = new("--device")
    {
        HelpName = "auto|cpu|cuda|cuda:I",
        Description = "Where to compute. Default: auto, every GPU there is, else the CPU",
        CompletionSources = { "auto", "cpu", "cuda" },
    };

    public Option<int?> Workers { get; } =
        Number<int>("--workers", "N", "How many workers in this process. Default: one per device",
            "must be a whole number, at least 1");

    public Option<int?> Threads { get; } =
        Number<int>("--threads", "N", "libtorch's threads in each worker. Default: 1",
            "must be a whole number, at least 1");

    public Option<string?> Cache { get; } = new("--cache")
    {
        HelpName = "DIR",
        Description = "Where models and data that come from the coordinator are kept. Default: "
            + "actorhutch/blobs in the user's cache folder",
    };

    public Option<string[]?> ModelAssembly { get; } = new("--model-assembly")
    {
        HelpName = "FILE",
        Description = "An assembly that jobs may take their model from; may be given several times. Default: none",
        AllowMultipleArgumentsPerToken = false,
    };

    public Option<bool> AllowTorchScript { get; } = new("--allow-torchscript")
    {
        Description = "Run models that the coordinator sends as TorchScript, which is a program. Default: models as "
            + "descriptions (model.json) alone",
    };

    public Option<bool> UntilJobDone { get; } = new("--until-job-done")
    {
        Description = "Leave with exit code 0 once the coordinator's job is done, and with 130 when told to go before",
    };

    public Option<LogEventLevel?> LogLevel { get; } = NodeOptions.LogLevelOption("information");

    public Option<LogFormat?> LogFormat { get; } = NodeOptions.LogFormatOption();

    /// <summary>All of them, as help shows them.</summary>
    public IReadOnlyList<OptionGroup> Groups =>
    [
        new("Cluster", [.. Node.All, UntilJobDone]),
        new("How it runs", [Id, Device, Workers, Threads, Cache, ModelAssembly, AllowTorchScript]),
        new("Output", [LogLevel, LogFormat]),
    ];

    /// <summary>All of them.</summary>
    public IReadOnlyList<Option> All => [.. Groups.SelectMany(group => group.Options)];
}
