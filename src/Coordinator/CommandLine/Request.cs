using System.CommandLine;
using System.CommandLine.Parsing;
using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Coordinator.Running;
using ActorHutch.Curvature;
using ActorHutch.Curvature.Estimation;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.GpuWorker.Running;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.CommandLine;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Options;

namespace ActorHutch.Coordinator.CommandLine;

/// <summary>What the command line asks for, as far as it could be understood.</summary>
/// <param name="Job">The job: what the options say, else the job file, else the defaults.</param>
/// <param name="Problems">Everything that is wrong, a line each; none where the rest can be used.</param>
internal sealed record Request(JobDocument Job, IReadOnlyList<string> Problems)
{
    /// <summary>What is computed.</summary>
    public JobSpec Spec => Job.Spec;

    /// <summary>How it is run.</summary>
    public ExecutionSettings Settings => Job.Settings;

    /// <summary>The state directory; null for none.</summary>
    public string? State => Job.Run.State;

    /// <summary>What <c>actorhutch accuracy</c> runs.</summary>
    public AccuracyPlan Accuracy => Job.Accuracy;

    /// <summary>Where the report's files are written; null for nowhere.</summary>
    public string? Out => Job.Run.Out;

    /// <summary>Where the job is shown on a page; null for nowhere.</summary>
    public HostPort? Dashboard => Job.Run.Dashboard;

    /// <summary>Whether the result is for a program.</summary>
    public bool Json => Job.Run.Json;

    /// <summary>Whether nothing but the result is written.</summary>
    public bool Quiet => Job.Run.Quiet;

    /// <summary>The cluster it runs on; null for this process.</summary>
    public ClusterRequest? Cluster => ClusterRequest.Of(Job.Run);

    /// <summary>The share of chunks that a second worker computes too.</summary>
    public double VerifyFraction => Job.Run.VerifyFraction ?? 0;

    /// <summary>The files that it names; none until <see cref="WithFiles"/>.</summary>
    public JobInputs? Files { get; init; }

    /// <summary>The same with its files found and hashed; what is wrong with them is among the problems.</summary>
    public Request WithFiles(BlobCache cache)
    {
        var checkpoints = Spec.Risk.Weights?.Path is { } weights ? Checkpoints.Of(weights) : null;
        var files = JobInputs.Read(Spec.Risk, cache, forCluster: Cluster is not null, checkpoints);
        return this with
        {
            Job = Job with { Spec = Spec with { Risk = files.Risk } },
            Files = files,
            Problems = [.. Problems, .. files.Problems.Concat(SeriesProblems(checkpoints)).Select(problem => problem.ToString())],
        };
    }

    /// <summary>Whether the weights are those of several checkpoints, each of which is a job.</summary>
    public bool IsSeries => Files is { Checkpoints.Count: > 0 };

    private IEnumerable<Problem> SeriesProblems(IReadOnlyList<string>? checkpoints)
    {
        if (checkpoints is null) yield break;
        string weights = Spec.Risk.Weights!.Path!;
        if (checkpoints.Count == 0) yield return new Problem("weights", weights, "must be files that are there: none has such a name");
        else if (!Spec.Estimator.FindsTrace)
            yield return new Problem("weights", weights, $"must be one file with actorhutch {Spec.Estimator.Name}: series are of traces");
        if (Dashboard is not null) yield return new Problem("dashboard", Dashboard.ToString()!, "cannot show a series: a page shows one job");
    }

    /// <summary>The same with its files written somewhere, where nobody said where.</summary>
    public Request WithOut(string? folder) =>
        this with { Job = Job with { Run = Job.Run with { Out = Job.Run.Out ?? folder } } };

    /// <summary>Reads a command line; options with a problem of their own are left at their defaults.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="options">The options there are.</param>
    /// <param name="estimator">The command's; null for what the job file says.</param>
    /// <param name="replicas">Knows the devices.</param>
    public static Request Read(ParseResult parsed, OptionTable<JobDocument> options, Estimator? estimator, IReplicaFactory replicas)
    {
        bool Has(string option) => parsed.CommandResult.Command.Options.Any(one => one.Name == option);
        var job = options.Read(parsed, JobDocument.Default);
        var file = job.Run.JobFile is { } path ? JobFile.Read(path, options.Entries) : null;
        if (file is not null) job = options.Read(parsed, file.Job);
        estimator ??= job.Spec.Estimator;
        job = (job with
        {
            Spec = job.Spec with { Estimator = estimator },
            // A comparison runs many jobs, and a page shows one.
            Run = Has("--dashboard") ? job.Run : job.Run with { Dashboard = null },
        }).Completed();

        var given = options.Given(parsed).ToArray();
        string Describe(Problem problem) =>
            (given.Any(entry => entry.Name == problem.Field) ? null : file?.Describe(problem)) ?? problem.ToString();
        string[] problems =
        [
            .. parsed.Errors.Select(error => error.Message),
            .. Misplaced(parsed),
            .. ClusterRequest.Misplaced(given, job.Run),
            // Where the command line says no to the file's cluster, what the file says of it counts for nothing.
            .. given.Any(entry => entry.Name == "cluster") ? [] : file?.Misplaced(job.Run) ?? [],
            .. file?.Problems ?? [],
            .. job.Spec.Validate().Concat(job.Settings.Validate()).Concat(ClusterRequest.Of(job.Run)?.Validate() ?? [])
                .Concat(job.Accuracy.Validate(job.Spec))
                .Concat(DashboardRequest.Validate(job.Run))
                .Concat(VerifyFractionProblem(job.Run.VerifyFraction ?? 0))
                .Concat(DtypeProblems(job, canCompare: Has("--rounding-probes")))
                .Concat(DeviceProblems(job.Settings, replicas, out string? unknown)).Select(Describe),
        ];
        return new Request(job, [.. (unknown is null ? problems : [.. problems, unknown]).Distinct()]);
    }

    /// <summary>What keeps a job from finding out whether single precision is enough for it.</summary>
    private static IEnumerable<Problem> DtypeProblems(JobDocument document, bool canCompare)
    {
        if (!document.PicksPrecision) yield break;
        string right = new Choice<Dtype>().Right;
        if (!canCompare)
            yield return new Problem("dtype", Choices.Auto, $"{right} here; auto is for estimates and exact traces");
        else if (document.Spec.RoundingProbes == 0)
            yield return new Problem("dtype", Choices.Auto, $"{right} with --rounding-probes 0, because auto needs the measured rounding error");
    }

    private static IEnumerable<Problem> VerifyFractionProblem(double fraction) => fraction is >= 0 and <= 1
        ? []
        : [Problem.Of("verify-fraction", fraction, RunOptions.RightVerifyFraction)];

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
            return WorkerDevices.Check(settings, replicas.CudaDeviceCount) is { } problem ? [problem] : [];
        }
        catch (CurvatureException error)
        {
            unknown = error.Message;
            return [];
        }
    }
}
