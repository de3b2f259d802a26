using ActorHutch.Curvature.Estimation;
using ActorHutch.Shared.CommandLine;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Options;
using static ActorHutch.Shared.Options.OptionEntry;

namespace ActorHutch.Coordinator.JobFiles;

/// <summary>The options of <c>actorhutch</c>, in the order in which job files have them.</summary>
internal static class JobOptions
{
    /// <summary>The commands.</summary>
    public const string Accuracy = "accuracy", Compare = "compare", Check = "check";

    private static readonly string[] OneJob = [.. Estimator.All.Select(estimator => estimator.Name)];
    private static readonly string[] Sampled = [.. Estimator.All.Where(estimator => !estimator.IsExact).Select(estimator => estimator.Name)];
    private static readonly string[] OneModel = [.. OneJob, Accuracy];
    private static readonly string[] Lanczos = [.. Estimator.All.Where(estimator => estimator.RunsLanczos).Select(estimator => estimator.Name)];
    private static readonly string[] Ranged = [.. Estimator.All.Where(estimator => !estimator.TakesPart).Select(estimator => estimator.Name), Accuracy];
    private static readonly string[] Turns = [.. Estimator.All.Where(estimator => estimator.TakesTurns).Select(estimator => estimator.Name)];
    private static readonly string[] Eigen = [.. Estimator.All.Where(estimator => estimator.FindsEigenvalues).Select(estimator => estimator.Name)];
    private static readonly string[] Diagonals = [.. Estimator.All.Where(estimator => estimator.TellsDiagonal).Select(estimator => estimator.Name)];
    private static readonly string[] InParameterSpace = [.. Estimator.All.Where(estimator => estimator.IsInParameterSpace).Select(estimator => estimator.Name)];
    private static readonly string[] Traces = [.. Estimator.All.Where(estimator => estimator.FindsTrace).Select(estimator => estimator.Name)];
    private static readonly string[] Sessions = [.. OneModel, Compare];
    private static readonly string[] Random = [.. Sampled, Accuracy, Compare];

    /// <summary>The options that have no meaning where workers join.</summary>
    public static IReadOnlyList<OptionEntry<JobDocument>> OfProcess { get; } =
        [Settings(ExecutionOptions.Device), Settings(ExecutionOptions.Workers("The number of workers", "one per processor, or one per GPU"), Sessions), Settings(ExecutionOptions.Threads)];

    /// <summary>The options that have no meaning without a cluster.</summary>
    public static IReadOnlyList<OptionEntry<JobDocument>> OfCluster { get; } =
    [
        .. Run("Cluster", OneModel,
        [
            .. NodeOptions.Entries(
                RunOptions.DefaultNode, "Nodes of a cluster to join, by the addresses they advertise", "none, it starts one",
                "How long to wait for --min-workers, or for any once all are lost")
                .In((RunOptions run) => run.Node, (run, node) => run with { Node = node }),
            Of("min-workers", "The number of workers to wait for before the first chunk is sent", "1", Formats.Number<int>(),
                (RunOptions run) => run.MinWorkers, (run, value) => run with { MinWorkers = value }),
        ]),
    ];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<OptionEntry<JobDocument>> All { get; } =
    [
        Spec([], Of("kind", "The estimator; a command on the command line overrides it", "estimate", Estimators.Format,
            (JobSpec spec) => spec.Estimator, (spec, value) => spec with { Estimator = value })),
        .. RiskOptions.All.In((JobSpec spec) => spec.Risk, (spec, risk) => spec with { Risk = risk })
            .Select(entry => Spec(entry.Commands, entry) with { Group = "Model and data" }),
        Spec(Sessions, Of("matrix", "The curvature matrix: the Hessian, or the generalised Gauss-Newton matrix (ggn)", "hessian", Choices.Matrix.Format,
            (JobSpec spec) => spec.Matrix, (spec, value) => spec with { Matrix = value })),
        Result([.. Sampled, Accuracy], Of("structure", "block: the matrix's diagonal blocks alone, one for each parameter tensor; full: the whole matrix", "block; full for spectrum, eigenvalues, xtrace and hutchpp", Choices.Structure.Format,
            (JobDocument job) => job.Spec.Structure, (job, value) => job with { Spec = job.Spec with { Structure = value }, StructureGiven = true })),
        Spec([.. OneModel, Check], Of("method", "How vᵀHv is computed: by automatic differentiation (autodiff), or by rules for each kind of layer (hmp, quadratic)", "auto, the fastest that serves the model", Choices.Method.Format.OrAuto(),
            (JobSpec spec) => spec.Method, (spec, value) => spec with { Method = value })),
        Result([.. OneModel.Except(InParameterSpace)], Of("probe-space", "Where random probes are drawn. parameter: one probe for all samples, for every model. output, prediction: a probe for each sample, so that far fewer are needed, for models whose layers all have rules", "auto, the one that serves the model best; parameter for estimates of the example",
            Choices.ProbeSpace.Format.OrAuto(), (JobDocument job) => job.Spec.ProbeSpace ?? (job.SpaceGiven ? Formats.Auto : (object?)null),
            (job, value) => job with { Spec = job.Spec with { ProbeSpace = value }, SpaceGiven = true })),
        Spec([.. Random.Except(Turns)], Of("distribution", "The distribution of a probe's entries", "rademacher", Choices.Distribution.Format,
            (JobSpec spec) => spec.Distribution, (spec, value) => spec with { Distribution = value })),
        Result([.. Sampled, Compare], Of("probes", "The number of probes, the random vectors v; with --relative-error, the most; with subsample, for each shard; with eigenvalues, the most products Hv; with xtrace and hutchpp, the number of products", "1000, or 1,000,000 with --relative-error; 2 with subsample, 10 with spectrum, 100 with diagonal, xtrace and hutchpp",
            Formats.Number<long>("V"), (JobDocument job) => job.Spec.Probes,
            (job, value) => job with { Spec = job.Spec with { Probes = value }, ProbesGiven = true })),
        Spec(Ranged, Of("v-batch", "V_batch, the number of probes in a chunk, which a worker computes together; with eigenvalues, xtrace and hutchpp, of vectors", "auto, which is 50, or 2 with --relative-error where samples have probes of their own; 1 with spectrum, eigenvalues, xtrace and hutchpp", Formats.Number<int>().OrAuto(),
            (JobSpec spec) => spec.VBatch, (spec, value) => spec with { VBatch = value })),
        Spec(Lanczos, Of("lanczos-steps", "The Lanczos steps for each probe, each a product Hv; as many nodes of the density come of it", "80", Formats.Number<int>("M"),
            (JobSpec spec) => spec.LanczosSteps, (spec, value) => spec with { LanczosSteps = value })),
        Spec(Eigen, Of("k", "The number of eigenvalues; with --which both, of each end", "5", Formats.Number<int>("K"),
            (JobSpec spec) => spec.K, (spec, value) => spec with { K = value })),
        Spec(Eigen, Of("which", "Which eigenvalues: the largest, the smallest, or both", "largest", Choices.SpectrumEnd.Format,
            (JobSpec spec) => spec.Which, (spec, value) => spec with { Which = value })),
        Spec(Random, Of("seed", "The seed of the random probes", "0", Formats.Number<ulong>("S", "must be a whole number from 0 to 2^64 − 1"),
            (JobSpec spec) => spec.Seed, (spec, value) => spec with { Seed = value })),
        Result(null, Of("dtype", "The number type of the computation; auto: float32, and again in float64 where that is not precise enough", "float32",
            Choices.Dtype.Format.OrAuto(), (JobDocument job) => job.PicksPrecision ? Formats.Auto : job.Spec.Dtype,
            (job, value) => job with { Spec = job.Spec with { Dtype = value ?? Dtype.Float32 }, PicksPrecision = value is null })),
        Spec([.. Sampled.Except(Lanczos).Except(Diagonals).Except(Turns), .. Eigen], Of("relative-error", "Stop when the confidence interval's half-width is at most this fraction of the trace; with eigenvalues, when each residual is at most this fraction of the largest eigenvalue", "none, all --probes are taken; 0.01 with subsample; with eigenvalues 1e-3, or 1e-6 in float64",
            Formats.Number<double>("X", "must lie between 0 and 1, such as 0.01 for 1 %"),
            (JobSpec spec) => spec.RelativeError, (spec, value) => spec with { RelativeError = value })),
        Spec([.. OneJob.Except(Eigen)], Of("confidence-level", "The level of the confidence interval: the probability with which it contains the trace", "0.95",
            Formats.Number<double>("X", "must lie between 0 and 1, such as 0.95"),
            (JobSpec spec) => spec.ConfidenceLevel, (spec, value) => spec with { ConfidenceLevel = value })),
        Spec([.. OneJob.Except(Lanczos).Except(Turns).Except(Diagonals)], Of("rounding-probes", "The number of probes computed in float64 too, to measure float32's rounding error; 0 for none", "auto, 3 to 8",
            Formats.Number<int>().OrAuto() with { Right = JobSpec.RightRoundingProbes },
            (JobSpec spec) => spec.RoundingProbes, (spec, value) => spec with { RoundingProbes = value })),
        .. OfProcess, Settings(ExecutionOptions.MemoryBudget, Sessions),
        .. Run("Cluster", OneModel,
            [Flag("cluster", "Compute on the workers that join, not in this process", (RunOptions run) => run.Cluster, (run, value) => run with { Cluster = value })]),
        .. OfCluster,
        .. Run("Cluster", OneModel,
        [
            Of("verify-fraction", "The fraction of chunks that a second worker computes too, to find a faulty device", "0",
                Formats.Number<double>("X", RunOptions.RightVerifyFraction),
                (RunOptions run) => run.VerifyFraction, (run, value) => run with { VerifyFraction = value }),
        ]),
        .. Run("How it runs", OneJob,
        [
            Of("state", "Keep results in this directory: the same command continues after an interruption, and one with more --probes extends the job", "nothing is kept", Formats.Folder,
                (RunOptions run) => run.State, (run, value) => run with { State = value }),
        ]),
        .. AccuracyPlan.Options.In((JobDocument job) => job.Accuracy, (job, plan) => job with { Accuracy = plan })
            .Select(entry => entry with { Commands = [Accuracy], Group = "Accuracy" }),
        .. Run("Output", Sessions,
        [
            Of("out", "Write a report to this directory: a page with plots, JSON, every probe's values as CSV", "nowhere; accuracy has the folder accuracy",
                Formats.Folder, (RunOptions run) => run.Out, (run, value) => run with { Out = value }),
        ]),
        .. Run("Output", OneJob,
            [Flag("no-page", "With --out, leave out the page and its plots, which take seconds to draw", (RunOptions run) => run.NoPage, (run, value) => run with { NoPage = value })]),
        .. Run("Output", Eigen,
            [Flag("vectors", "With --out, write the eigenvectors too, under the parameters' names, as safetensors", (RunOptions run) => run.Vectors, (run, value) => run with { Vectors = value })]),
        .. Run("Output", Traces,
        [
            Of("tensorboard", "Write the trace, its standard error and the blocks' traces to this directory as TensorBoard events, by probes or, along training, by steps", "nowhere", Formats.Folder,
                (RunOptions run) => run.TensorBoard, (run, value) => run with { TensorBoard = value }),
        ]),
        .. Run("Output", OneJob,
        [
            Of("dashboard", "Serve a page at this address that shows the job while it runs", "nowhere", NodeOptions.Address,
                (RunOptions run) => run.Dashboard, (run, value) => run with { Dashboard = value }),
        ]),
        .. Run("Output", null,
            [Flag("json", "Write one JSON document instead of text", (RunOptions run) => run.Json, (run, value) => run with { Json = value })]),
        .. Run("Output", Sessions,
        [
            Flag("quiet", "Write the result alone: no header, no progress, no tables", (RunOptions run) => run.Quiet, (run, value) => run with { Quiet = value }) with
            {
                ShortName = "-q",
            },
            .. LogOptions.Entries(RunOptions.DefaultLogLevel).In((RunOptions run) => run.Log, (run, log) => run with { Log = log }),
        ]),
        .. Run("Job files", null,
        [
            Of("job", "A job file, or the JSON report of a job to run again; options override it", "none", Formats.File,
                (RunOptions run) => run.JobFile, (run, value) => run with { JobFile = value }) with { IsInJobFiles = false },
        ]),
        .. Run("Job files", OneJob,
        [
            Flag("print-job", "Write the job as a job file to standard output, and run nothing",
                (RunOptions run) => run.PrintsJob, (run, value) => run with { PrintsJob = value }) with { IsInJobFiles = false },
        ]),
    ];

    /// <summary>Those that job files have.</summary>
    /// <param name="entries">Of these; null for all.</param>
    public static IEnumerable<OptionEntry<JobDocument>> OfFiles(IEnumerable<OptionEntry<JobDocument>>? entries = null) =>
        (entries ?? All).Where(entry => entry.IsInJobFiles);

    private static OptionEntry<JobDocument> Spec(IReadOnlyList<string>? commands, OptionEntry<JobSpec> entry) =>
        Result(commands, entry.In((JobDocument job) => job.Spec, (job, spec) => job with { Spec = spec }));

    private static OptionEntry<JobDocument> Result(IReadOnlyList<string>? commands, OptionEntry<JobDocument> entry) =>
        entry with { Commands = commands, ShowsInResult = true, Group = "What is computed" };

    private static OptionEntry<JobDocument> Settings(OptionEntry<ExecutionSettings> entry, IReadOnlyList<string>? commands = null) =>
        entry.In((JobDocument job) => job.Settings, (job, settings) => job with { Settings = settings }) with { Commands = commands, Group = "How it runs" };

    private static IEnumerable<OptionEntry<JobDocument>> Run(string heading, IReadOnlyList<string>? commands, IEnumerable<OptionEntry<RunOptions>> entries) =>
        entries.In((JobDocument job) => job.Run, (job, run) => job with { Run = run }).Select(entry => entry with { Commands = commands, Group = heading });
}
