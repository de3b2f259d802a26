using System.CommandLine;
using System.Globalization;
using ActorHutch.Curvature;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.CommandLine;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Options;
using Serilog.Events;

namespace ActorHutch.GpuWorker.Running;

/// <summary>What a worker's command line asks for, as far as it could be understood.</summary>
internal sealed record WorkerRequest
{
    /// <summary>The place in a cluster of a worker of which nothing is said.</summary>
    public static NodeSettings DefaultNode { get; } = new()
    {
        Role = NodeSettings.WorkerRole,
        Listen = new HostPort("127.0.0.1", 0),
        JoinTimeout = TimeSpan.FromMinutes(5),
    };

    /// <summary>The least important log lines to write where nothing is said.</summary>
    public const LogEventLevel DefaultLogLevel = LogEventLevel.Information;

    /// <summary>The worker's name, where it is given one.</summary>
    public string? Name { get; init; }

    /// <summary>The worker's name: the same over restarts where it can be.</summary>
    public string Id => Name ?? string.Create(
        CultureInfo.InvariantCulture, $"{Environment.MachineName}-{((Cluster.Advertise ?? Cluster.Listen).Port is > 0 and var port ? port : Environment.ProcessId)}");

    /// <summary>Its place in the cluster.</summary>
    public NodeSettings Cluster { get; init; } = DefaultNode;

    /// <summary>Its devices and threads.</summary>
    public ExecutionSettings Settings { get; init; } = new();

    /// <summary>Where its health is told; null for nowhere.</summary>
    public HostPort? Health => Cluster.Health;

    /// <summary>Whether it leaves when the coordinator says that all is done.</summary>
    public bool UntilJobDone { get; init; }

    /// <summary>What is said of log lines.</summary>
    public LogOptions Log { get; init; } = new();

    /// <summary>Where files that come from the coordinator are kept.</summary>
    public BlobCache Cache { get; init; } = new(BlobCache.DefaultDirectory);

    /// <summary>Whether models that come from the coordinator may be TorchScript.</summary>
    public bool AllowTorchScript { get; init; }

    /// <summary>The files of <see cref="Assemblies"/>.</summary>
    public IReadOnlyList<string> AssemblyFiles { get; init; } = [];

    /// <summary>The assemblies that jobs may take their model from.</summary>
    public BlobStore Assemblies { get; private init; } = new();

    /// <summary>Everything that is wrong, a line each.</summary>
    public IReadOnlyList<string> Problems { get; private init; } = [];

    /// <summary>Reads a command line; options with a problem of their own are left at their defaults.</summary>
    public static WorkerRequest Read(ParseResult parsed, OptionTable<WorkerRequest> options)
    {
        var request = options.Read(parsed, new WorkerRequest());
        var assemblies = new BlobStore();
        bool seedsAreBad = request.Cluster.SeedNodes.Count == 0 && options.Given(parsed).Any(entry => entry.Name == "seed-nodes");
        var problems = request.Cluster.Validate()
            .Where(problem => !(seedsAreBad && problem.Field == "seed-nodes"))
            .Concat(request.Settings.Validate())
            .Concat(request.AssemblyFiles.Select(path => Add(assemblies, path)).OfType<Problem>())
            .Select(problem => problem.ToString());
        return request with
        {
            Assemblies = assemblies,
            Problems = [.. parsed.Errors.Select(error => error.Message).Concat(problems).Distinct()],
        };
    }

    private static Problem? Add(BlobStore assemblies, string path)
    {
        try
        {
            assemblies.AddFile(path);
            return null;
        }
        catch (CurvatureException error)
        {
            return new Problem("model-assembly", path, $"must be a file that can be read ({error.Message.TrimEnd('.')})");
        }
    }
}
