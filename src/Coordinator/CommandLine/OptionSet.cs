using System.CommandLine;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Shared.CommandLine;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Jobs;
using Serilog.Events;
using static ActorHutch.Shared.CommandLine.TypedOption;

namespace ActorHutch.Coordinator.CommandLine;

/// <summary>
/// The options, each once: commands share them. An option that is not given leaves the default of
/// <see cref="JobSpec"/> or <see cref="ExecutionSettings"/>.
/// </summary>
internal sealed class OptionSet
{
    public Option<string?> Job { get; } = new("--job")
    {
        HelpName = "FILE",
        Description = "A job file, or the JSON report of a job to run again; options win over it. Default: none",
    };

    public Option<bool> PrintJob { get; } = new("--print-job") { Description = "Write the whole job as a job file, and run nothing" };

    public RiskOptions Risk { get; } = new();

    public Option<CurvatureMatrix?> Matrix { get; } =
        Word("--matrix", Choices.Matrix, "Which curvature matrix. Default: hessian");

    public Option<BlockStructure?> Structure { get; } =
        Word("--structure", Choices.Structure, "Its diagonal blocks, one per parameter tensor, or all of it. Default: block");

    public Option<CurvatureMethod?> Method { get; } =
        Word("--method", Choices.Method, "How vᵀHv is computed. Default: auto, the fastest that serves the model", auto: true);

    public Option<ProbeSpace?> ProbeSpace { get; } =
        Word("--probe-space", Choices.ProbeSpace, "Where probes are drawn. Default: parameter; for exact, where it takes fewer");

    public Option<ProbeDistribution?> Distribution { get; } =
        Word("--distribution", Choices.Distribution, "What a probe's entries are. Default: rademacher");

    public Option<long?> Probes { get; } =
        Number<long>("--probes", "V", "How many probes; with --relative-error, at most so many. Default: 1000, or 1,000,000 with --relative-error",
            "must be a whole number, at least 1");

    public Option<int?> VBatch { get; } =
        Number<int>("--v-batch", "N|auto", "Probes in a chunk. Default: auto, which is 50",
            "must be a whole number, at least 1, or auto", auto: true);

    public Option<double?> RelativeError { get; } =
        Number<double>("--relative-error", "X", "Stop once the interval's half-width is at most this share of the trace. Default: none, all --probes are taken",
            "must lie between 0 and 1, such as 0.01 for 1 %");

    public Option<double?> ConfidenceLevel { get; } =
        Number<double>("--confidence-level", "X", "How often the interval is to hold the trace. Default: 0.95", "must lie between 0 and 1, such as 0.95");

    public Option<int?> RoundingProbes { get; } =
        Number<int>("--rounding-probes", "N|auto", "Probes computed in float64 too, to know float32's rounding error; 0 for none. Default: auto, 3 to 8",
            JobSpec.RightRoundingProbes, auto: true);

    public Option<ulong?> Seed { get; } =
        Number<ulong>("--seed", "S", "The probes' seed. Default: 0", "must be a whole number from 0 to 2^64 − 1");

    public Option<Dtype?> Dtype { get; } = Word(
        "--dtype", Choices.Dtype, "The arithmetic's number type; auto is float32, and float64 where that is not precise enough. Default: float32", auto: true);

    public Option<string?> Device { get; } = new("--device")
    {
        HelpName = "auto|cpu|cuda|cuda:I",
        Description = "Where to compute. Default: auto, every GPU there is, else the CPU",
        CompletionSources = { "auto", "cpu", "cuda" },
    };

    public Option<int?> Workers { get; } =
        Number<int>("--workers", "N", "How many workers. Default: one per processor, or one per GPU",
            "must be a whole number, at least 1");

    public Option<int?> Threads { get; } =
        Number<int>("--threads", "N", "libtorch's threads in each worker. Default: 1",
            "must be a whole number, at least 1");

    public Option<long?> MemoryBudget { get; } = new("--memory-budget")
    {
        HelpName = "BYTES",
        Description = "What a worker's stack of probes or micro-batch may take, such as 512MiB. Default: 1 GiB",
        CustomParser = result => Parse<long>(
            result, MemorySize.Right, auto: false, text => MemorySize.TryParse(text, out long bytes) ? bytes : null),
    };

    public Option<string?> State { get; } = new("--state")
    {
        HelpName = "DIR",
        Description = "Keep what is computed there; the same command goes on where it was interrupted or killed. Default: nothing is kept",
    };

    public Option<string?> Out { get; } = new("--out")
    {
        HelpName = "DIR",
        Description = "Write a report there: a page with pictures, JSON, every probe's values as CSV. Default: nowhere; accuracy has the folder accuracy",
    };

    public Option<int?> Seeds { get; } =
        Number<int>("--seeds", "N", "How many runs, with seeds from --seed on. Default: 15", "must be a whole number, at least 2");

    public Option<long?> From { get; } =
        Number<long>("--from", "V", "The fewest probes. Default: 10", "must be a whole number, at least 1");

    public Option<long?> To { get; } =
        Number<long>("--to", "V", "The most probes, which each run has. Default: 1000", "must be a whole number above --from");

    public Option<int?> Steps { get; } =
        Number<int>("--steps", "N", "How many numbers of probes, evenly spaced on a logarithmic axis. Default: 30",
            "must be a whole number, at least 2");

    public Option<HostPort?> Dashboard { get; } =
        NodeOptions.Address("--dashboard", "Show the job on a page at this address while it runs. Default: nowhere");

    public Option<bool> Json { get; } = new("--json") { Description = "Write one JSON document instead of text" };

    public Option<bool> Quiet { get; } = new("--quiet", "-q") { Description = "Write the result alone: no head, no progress, no tables" };

    public Option<LogEventLevel?> LogLevel { get; } = NodeOptions.LogLevelOption("warning");

    public Option<LogFormat?> LogFormat { get; } = NodeOptions.LogFormatOption();

    public Option<bool> Cluster { get; } = new("--cluster")
    {
        Description = "Compute on the workers that join, not in this process",
    };

    public NodeOptions Node { get; } = new(
        "127.0.0.1:4053", "Nodes of a cluster to join, as they advertise themselves. Default: none, it starts one",
        "How long to wait for --min-workers, or for any once all are lost. Default: 60");

    public Option<int?> MinWorkers { get; } =
        Number<int>("--min-workers", "N", "Workers to wait for before the first chunk goes out. Default: 1",
            "must be a whole number, at least 1");

    public Option<double?> VerifyFraction { get; } =
        Number<double>("--verify-fraction", "X", "The share of chunks that a second worker computes too, to find a faulty device. Default: 0",
            "must lie between 0 and 1");

    /// <summary>The options of <c>actorhutch estimate</c>: all of them.</summary>
    public IReadOnlyList<Option> OfEstimate() =>
    [
        Job, .. Risk.All, Matrix, Structure, Method, ProbeSpace, Distribution, Probes, VBatch, RelativeError, ConfidenceLevel, Seed, Dtype, RoundingProbes,
        Device, Workers, Threads, MemoryBudget, State, Dashboard, .. OfCluster(), Out, Json, Quiet, LogLevel, LogFormat, PrintJob,
    ];

    /// <summary>The options of <c>actorhutch exact</c>: nothing random, and blocks alone, whose trace is the same.</summary>
    public IReadOnlyList<Option> OfExact() =>
    [
        Job, .. Risk.All, Matrix, Method, ProbeSpace, VBatch, Dtype, RoundingProbes, ConfidenceLevel,
        Device, Workers, Threads, MemoryBudget, State, Dashboard, .. OfCluster(), Out, Json, Quiet, LogLevel, LogFormat, PrintJob,
    ];

    /// <summary>The options of <c>actorhutch compare</c>: nothing that it compares.</summary>
    public IReadOnlyList<Option> OfCompare() =>
        [Job, .. Risk.All, Matrix, Distribution, Probes, Seed, Dtype, Device, Workers, Threads, MemoryBudget, Out, Json, Quiet, LogLevel, LogFormat];

    /// <summary>The options of <c>actorhutch accuracy</c>.</summary>
    public IReadOnlyList<Option> OfAccuracy() =>
    [
        Job, .. Risk.All, Matrix, Structure, Method, ProbeSpace, Distribution, Seeds, From, To, Steps, VBatch, Seed, Dtype,
        Device, Workers, Threads, MemoryBudget, .. OfCluster(), Out, Json, Quiet, LogLevel, LogFormat,
    ];

    /// <summary>The options of <c>actorhutch check</c>: what makes the risk, and how it is computed.</summary>
    public IReadOnlyList<Option> OfCheck() => [Job, .. Risk.All, Method, Dtype, Device, Threads, Json];

    /// <summary>What <c>actorhutch check</c> compares with.</summary>
    public Argument<string> Expected { get; } = new("FILE")
    {
        Description = "What the other program found: check.json, which names its probe's file beside it",
    };

    private IEnumerable<Option> OfCluster() => [Cluster, .. Node.All, MinWorkers, VerifyFraction];
}
