using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using ActorHutch.Curvature;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Jobs;
using Serilog.Events;

namespace ActorHutch.GpuWorker.CommandLine;

/// <summary>What a worker's command line asks for, as far as it could be understood.</summary>
/// <param name="Id">The worker's name.</param>
/// <param name="Cluster">Its place in the cluster.</param>
/// <param name="Settings">Its devices and threads.</param>
/// <param name="Health">Where its health is told; null for nowhere.</param>
/// <param name="UntilJobDone">Whether it leaves when the coordinator says that all is done.</param>
/// <param name="LogLevel">The least important log lines to write.</param>
/// <param name="Problems">Everything that is wrong, a line each.</param>
internal sealed record WorkerRequest(
    string Id, NodeSettings Cluster, ExecutionSettings Settings, HostPort? Health, bool UntilJobDone,
    LogEventLevel LogLevel, IReadOnlyList<string> Problems)
{
    /// <summary>How log lines look.</summary>
    public LogFormat LogFormat { get; init; }

    /// <summary>Where files that come from the coordinator are kept.</summary>
    public required BlobCache Cache { get; init; }

    /// <summary>Whether models that come from the coordinator may be TorchScript.</summary>
    public bool AllowTorchScript { get; init; }

    /// <summary>The assemblies that jobs may take their model from.</summary>
    public required BlobStore Assemblies { get; init; }

    private static readonly HostPort AnyLoopbackPort = new("127.0.0.1", 0);
    private static readonly TimeSpan DefaultJoinTimeout = TimeSpan.FromMinutes(5);

    /// <summary>Reads a command line; options with a problem of their own are left at their defaults.</summary>
    public static WorkerRequest Read(ParseResult parsed, WorkerOptions options)
    {
        var bad = parsed.Errors.Select(error => OptionOf(error.SymbolResult)).Where(option => option is not null).ToHashSet();
        T? Value<T>(Option<T> option) => bad.Contains(option) ? default : parsed.GetValue(option);

        var node = options.Node;
        bool seedsAreBad = bad.Contains(node.SeedNodes);
        var cluster = node.Read(NodeSettings.WorkerRole, AnyLoopbackPort, DefaultJoinTimeout, parsed, bad.Contains);
        var execution = new ExecutionSettings();
        var settings = execution with
        {
            Device = Value(options.Device) ?? execution.Device,
            Workers = Value(options.Workers),
            ThreadsPerWorker = Value(options.Threads) ?? execution.ThreadsPerWorker,
        };
        var assemblies = new BlobStore();
        var problems = cluster.Validate()
            .Where(problem => !(seedsAreBad && problem.Field == "seed-nodes"))
            .Concat(settings.Validate())
            .Concat((Value(options.ModelAssembly) ?? []).Select(path => Add(assemblies, path)).OfType<Problem>())
            .Select(problem => problem.ToString());
        return new WorkerRequest(
            Value(options.Id) ?? DefaultId(cluster), cluster, settings, Value(node.Health),
            parsed.GetValue(options.UntilJobDone), Value(options.LogLevel) ?? LogEventLevel.Information,
            [.. parsed.Errors.Select(error => error.Message).Concat(problems).Distinct()])
        {
            LogFormat = Value(options.LogFormat) ?? LogFormat.Text,
            Cache = new BlobCache(Value(options.Cache) ?? BlobCache.DefaultDirectory),
            Assemblies = assemblies,
            AllowTorchScript = parsed.GetValue(options.AllowTorchScript),
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

    /// <summary>The same over restarts where it can be.</summary>
    private static string DefaultId(NodeSettings cluster)
    {
        int port = (cluster.Advertise ?? cluster.Listen).Port;
        return string.Create(
            CultureInfo.InvariantCulture, $"{Environment.MachineName}-{(port == 0 ? Environment.ProcessId : port)}");
    }

    private static Option? OptionOf(SymbolResult? result) => result switch
    {
        OptionResult option => option.Option,
        ArgumentResult { Parent: OptionResult option } => option.Option,
        _ => null,
    };
}
