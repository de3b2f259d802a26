using System.CommandLine;
using System.CommandLine.Parsing;
using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Curvature;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.GpuWorker.Running;
using ActorHutch.Shared.Jobs;
using Serilog.Events;

namespace ActorHutch.Coordinator.CommandLine;

/// <summary>What the command line asks for, as far as it could be understood.</summary>
/// <param name="Job">The job: what the options say, else the job file, else the defaults.</param>
/// <param name="State">The state directory; null for none.</param>
/// <param name="Json">Whether the result is for a program.</param>
/// <param name="PrintsJob">Whether the job is to be written and not run.</param>
/// <param name="LogLevel">The least important log lines to write.</param>
/// <param name="Problems">Everything that is wrong, a line each; none where the rest can be used.</param>
internal sealed record Request(
    JobDocument Job, string? State, bool Json, bool PrintsJob, LogEventLevel LogLevel, IReadOnlyList<string> Problems)
{
    /// <summary>What is computed.</summary>
    public JobSpec Spec => Job.Spec;

    /// <summary>How it is run.</summary>
    public ExecutionSettings Settings => Job.Settings;

    /// <summary>The cluster it runs on; null for this process.</summary>
    public ClusterRequest? Cluster { get; init; }

    /// <summary>The share of chunks that a second worker computes too.</summary>
    public double VerifyFraction { get; init; }

    /// <summary>Reads a command line; options with a problem of their own are left at their defaults.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="options">The options there are.</param>
    /// <param name="kind">What the command computes; null for what the job file says.</param>
    /// <param name="replicas">Knows the devices.</param>
    public static Request Read(ParseResult parsed, OptionSet options, JobKind? kind, IReplicaFactory replicas)
    {
        var bad = parsed.Errors.Select(error => OptionOf(error.SymbolResult)).Where(option => option is not null).ToHashSet();
        // An option whose parser answers null cannot be asked for its value: the library casts it.
        bool Auto(Option option) => option is not Option<string?> && parsed.GetResult(option)?.Tokens is [{ Value: Choices.Auto }];
        T? Value<T>(Option<T> option) => bad.Contains(option) || Auto(option) ? default : parsed.GetValue(option);
        bool Given(Option option) => parsed.GetResult(option) is { Implicit: false };

        var file = Value(options.Job) is { } path ? JobFile.Read(path) : null;
        var (job, settings) = (file?.Job.Spec ?? new JobSpec(), file?.Job.Settings ?? new ExecutionSettings());
        var spec = job with
        {
            Kind = kind ?? job.Kind,
            Matrix = Value(options.Matrix) ?? job.Matrix,
            Structure = Value(options.Structure) ?? job.Structure,
            Method = Given(options.Method) ? Value(options.Method) : job.Method,
            ProbeSpace = Value(options.ProbeSpace) ?? job.ProbeSpace,
            Distribution = Value(options.Distribution) ?? job.Distribution,
            Probes = Value(options.Probes) ?? job.Probes,
            VBatch = Given(options.VBatch) ? Value(options.VBatch) : job.VBatch,
            RelativeError = Value(options.RelativeError) ?? job.RelativeError,
            Seed = Value(options.Seed) ?? job.Seed,
            Dtype = Value(options.Dtype) ?? job.Dtype,
        };
        settings = settings with
        {
            Device = Value(options.Device) ?? settings.Device,
            Workers = Value(options.Workers) ?? settings.Workers,
            ThreadsPerWorker = Value(options.Threads) ?? settings.ThreadsPerWorker,
            MemoryBudget = Value(options.MemoryBudget) ?? settings.MemoryBudget,
        };
        var document = new JobDocument(spec, settings)
        {
            ProbesGiven = Value(options.Probes) is not null || file is { Job.ProbesGiven: true },
            ProbeSpaceGiven = Value(options.ProbeSpace) is not null || file is { Job.ProbeSpaceGiven: true }
                || spec.Kind == JobKind.Estimate,
        }.Completed();

        bool clustered = parsed.GetValue(options.Cluster);
        var cluster = clustered ? ClusterRequest.Read(parsed, options, bad.Contains) : null;
        double verifyFraction = Value(options.VerifyFraction) ?? 0;
        var given = parsed.CommandResult.Command.Options.Where(Given).Select(option => option.Name.TrimStart('-')).ToHashSet();
        string Describe(Problem problem) =>
            (given.Contains(problem.Field) ? null : file?.Describe(problem)) ?? problem.ToString();
        string[] problems =
        [
            .. parsed.Errors.Select(error => error.Message),
            .. Misplaced(parsed),
            .. ClusterRequest.Misplaced(parsed, options, clustered),
            .. file?.Problems ?? [],
            .. document.Spec.Validate().Concat(settings.Validate()).Concat(cluster?.Validate() ?? [])
                .Concat(VerifyFractionProblem(verifyFraction))
                .Concat(DeviceProblems(settings, replicas, out string? unknown)).Select(Describe),
        ];
        return new Request(
            document, Value(options.State), parsed.GetValue(options.Json), parsed.GetValue(options.PrintJob),
            Value(options.LogLevel) ?? LogEventLevel.Warning,
            [.. (unknown is null ? problems : [.. problems, unknown]).Distinct()])
        {
            Cluster = cluster,
            VerifyFraction = verifyFraction,
        };
    }

    private static IEnumerable<Problem> VerifyFractionProblem(double fraction) => fraction is >= 0 and <= 1
        ? []
        : [Problem.Of("verify-fraction", fraction, "must lie between 0 and 1")];

    private static Option? OptionOf(SymbolResult? result) => result switch
    {
        OptionResult option => option.Option,
        ArgumentResult { Parent: OptionResult option } => option.Option,
        _ => null,
    };

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
