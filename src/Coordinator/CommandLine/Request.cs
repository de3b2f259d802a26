using System.CommandLine;
using System.CommandLine.Parsing;
using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Coordinator.Running;
using ActorHutch.Curvature;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.GpuWorker.Running;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Jobs;
using Serilog.Events;

namespace ActorHutch.Coordinator.CommandLine;

/// <summary>What the command line asks for, as far as it could be understood.</summary>
/// <param name="Job">The job: what the options say, else the job file, else the defaults.</param>
/// <param name="PrintsJob">Whether the job is to be written and not run.</param>
/// <param name="Problems">Everything that is wrong, a line each; none where the rest can be used.</param>
internal sealed record Request(JobDocument Job, bool PrintsJob, IReadOnlyList<string> Problems)
{
    /// <summary>What is computed.</summary>
    public JobSpec Spec => Job.Spec;

    /// <summary>How it is run.</summary>
    public ExecutionSettings Settings => Job.Settings;

    /// <summary>The state directory; null for none.</summary>
    public string? State => Job.Run.State;

    /// <summary>What <c>actorhutch accuracy</c> runs.</summary>
    public AccuracyPlan Accuracy { get; init; } = new();

    /// <summary>Where the report's files are written; null for nowhere.</summary>
    public string? Out => Job.Run.Out;

    /// <summary>Where the job is shown on a page; null for nowhere.</summary>
    public HostPort? Dashboard => Job.Run.Dashboard;

    /// <summary>Whether the result is for a program.</summary>
    public bool Json => Job.Run.Json;

    /// <summary>The least important log lines to write.</summary>
    public LogEventLevel LogLevel => Job.Run.LogLevel ?? LogEventLevel.Warning;

    /// <summary>Whether nothing but the result is written.</summary>
    public bool Quiet => Job.Run.Quiet;

    /// <summary>How log lines look.</summary>
    public LogFormat LogFormat => Job.Run.LogFormat ?? LogFormat.Text;

    /// <summary>The cluster it runs on; null for this process.</summary>
    public ClusterRequest? Cluster => Job.Run.Cluster ? ClusterRequest.Of(Job.Run) : null;

    /// <summary>The share of chunks that a second worker computes too.</summary>
    public double VerifyFraction => Job.Run.VerifyFraction ?? 0;

    /// <summary>The files that it names; none until <see cref="WithFiles"/>.</summary>
    public JobInputs? Files { get; init; }

    /// <summary>The same with its files found and hashed; what is wrong with them is among the problems.</summary>
    public Request WithFiles(BlobCache cache)
    {
        var files = JobInputs.Read(Spec.Risk, cache);
        return this with
        {
            Job = Job with { Spec = Spec with { Risk = files.Risk } },
            Files = files,
            Problems = [.. Problems, .. files.Problems.Select(problem => problem.ToString())],
        };
    }

    /// <summary>The same with its files written somewhere, where nobody said where.</summary>
    public Request WithOut(string? folder) =>
        this with { Job = Job with { Run = Job.Run with { Out = Job.Run.Out ?? folder } } };

    /// <summary>Reads a command line; options with a problem of their own are left at their defaults.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="options">The options there are.</param>
    /// <param name="kind">What the command computes; null for what the job file says.</param>
    /// <param name="replicas">Knows the devices.</param>
    public static Request Read(ParseResult parsed, OptionSet options, JobKind? kind, IReplicaFactory replicas)
    {
        var values = new OptionValues(parsed);
        var file = values.Of(options.Job) is { } path ? JobFile.Read(path) : null;
        var said = file?.Job ?? JobDocument.Default;
        var (job, settings, run) = (said.Spec, said.Settings, said.Run);
        var spec = job with
        {
            Kind = kind ?? job.Kind,
            Risk = RiskOptions.Read(options.Risk, job.Risk, values),
            Matrix = values.Of(options.Matrix) ?? job.Matrix,
            Structure = values.Of(options.Structure) ?? job.Structure,
            Method = values.IsGiven(options.Method) ? values.Of(options.Method) : job.Method,
            ProbeSpace = values.Of(options.ProbeSpace) ?? job.ProbeSpace,
            Distribution = values.Of(options.Distribution) ?? job.Distribution,
            Probes = values.Of(options.Probes) ?? job.Probes,
            VBatch = values.IsGiven(options.VBatch) ? values.Of(options.VBatch) : job.VBatch,
            RelativeError = values.Of(options.RelativeError) ?? job.RelativeError,
            Seed = values.Of(options.Seed) ?? job.Seed,
            Dtype = values.Of(options.Dtype) ?? job.Dtype,
        };
        settings = settings with
        {
            Device = values.Of(options.Device) ?? settings.Device,
            Workers = values.Of(options.Workers) ?? settings.Workers,
            ThreadsPerWorker = values.Of(options.Threads) ?? settings.ThreadsPerWorker,
            MemoryBudget = values.Of(options.MemoryBudget) ?? settings.MemoryBudget,
        };
        run = run with
        {
            Cluster = values.Flag(options.Cluster, run.Cluster),
            Listen = values.Of(options.Node.Listen) ?? run.Listen,
            Advertise = values.Of(options.Node.Advertise) ?? run.Advertise,
            // An option that takes several values has none, not null, where nothing was said.
            SeedNodes = values.IsGiven(options.Node.SeedNodes) ? values.Of(options.Node.SeedNodes) : run.SeedNodes,
            JoinTimeout = values.Of(options.Node.JoinTimeout) ?? run.JoinTimeout,
            Health = values.Of(options.Node.Health) ?? run.Health,
            TlsCertificate = values.Of(options.Node.TlsCertificate) ?? run.TlsCertificate,
            TlsKey = values.Of(options.Node.TlsKey) ?? run.TlsKey,
            TlsAuthority = values.Of(options.Node.TlsAuthority) ?? run.TlsAuthority,
            Insecure = values.Flag(options.Node.Insecure, run.Insecure),
            MinWorkers = values.Of(options.MinWorkers) ?? run.MinWorkers,
            VerifyFraction = values.Of(options.VerifyFraction) ?? run.VerifyFraction,
            State = values.Of(options.State) ?? run.State,
            Out = values.Of(options.Out) ?? run.Out,
            // A comparison runs many jobs, and a page shows one.
            Dashboard = parsed.CommandResult.Command.Options.Contains(options.Dashboard) ? values.Of(options.Dashboard) ?? run.Dashboard : null,
            Json = values.Flag(options.Json, run.Json),
            Quiet = values.Flag(options.Quiet, run.Quiet),
            LogLevel = values.Of(options.LogLevel) ?? run.LogLevel,
            LogFormat = values.Of(options.LogFormat) ?? run.LogFormat,
        };
        var document = new JobDocument(spec, settings)
        {
            Run = run,
            ProbesGiven = values.Of(options.Probes) is not null || file is { Job.ProbesGiven: true },
            ProbeSpaceGiven = values.Of(options.ProbeSpace) is not null || file is { Job.ProbeSpaceGiven: true }
                || spec.Kind == JobKind.Estimate,
        }.Completed();

        var defaults = new AccuracyPlan();
        var accuracy = new AccuracyPlan(
            values.Of(options.Seeds) ?? defaults.Seeds, values.Of(options.From) ?? defaults.From,
            values.Of(options.To) ?? defaults.To, values.Of(options.Steps) ?? defaults.Steps);
        var cluster = run.Cluster ? ClusterRequest.Of(run) : null;
        var given = parsed.CommandResult.Command.Options.Where(values.IsGiven).Select(option => option.Name.TrimStart('-')).ToHashSet();
        string Describe(Problem problem) =>
            (given.Contains(problem.Field) ? null : file?.Describe(problem)) ?? problem.ToString();
        string[] problems =
        [
            .. parsed.Errors.Select(error => error.Message),
            .. Misplaced(parsed),
            .. ClusterRequest.Misplaced(parsed, options, run),
            // Where the command line says no to the file's cluster, what the file says of it counts for nothing.
            .. values.IsGiven(options.Cluster) ? [] : file?.Misplaced(run) ?? [],
            .. file?.Problems ?? [],
            .. document.Spec.Validate().Concat(settings.Validate()).Concat(cluster?.Validate() ?? [])
                .Concat(accuracy.Validate(document.Spec))
                .Concat(DashboardRequest.Validate(run))
                .Concat(VerifyFractionProblem(run.VerifyFraction ?? 0))
                .Concat(DeviceProblems(settings, replicas, out string? unknown)).Select(Describe),
        ];
        return new Request(
            document, parsed.GetValue(options.PrintJob), [.. (unknown is null ? problems : [.. problems, unknown]).Distinct()])
        {
            Accuracy = accuracy,
        };
    }

    private static IEnumerable<Problem> VerifyFractionProblem(double fraction) => fraction is >= 0 and <= 1
        ? []
        : [Problem.Of("verify-fraction", fraction, "must lie between 0 and 1")];

    /// <summary>Options before a command's name that the command does not have: the parser lets them pass.</summary>
    private static IEnumerable<string> Misplaced(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        return parsed.RootCommandResult.Children
            .OfType<OptionResult>()
            .Where(result => !result.Implicit && !command.Options.Contains(result.Option))
            .Select(result => $"{result.Option.Name} has no meaning for actorhutch {command.Name}.");
    }

    /// <summary>What is wrong with the device, and why that could not be known.</summary>
    private static IEnumerable<Problem> DeviceProblems(
        ExecutionSettings settings, IReplicaFactory replicas, out string? unknown)
    {
        unknown = null;
        // Only then: it takes libtorch to know.
        if (!settings.Device.StartsWith("cuda", StringComparison.Ordinal) || settings.Validate().Count > 0) return [];
        try
        {
            return Placement.Check(settings, replicas.CudaDeviceCount) is { } problem ? [problem] : [];
        }
        catch (CurvatureException error)
        {
            unknown = error.Message;
            return [];
        }
    }
}
