using System.CommandLine;
using System.CommandLine.Parsing;
using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Security;

namespace ActorHutch.Coordinator.CommandLine;

/// <summary>What a job says of its cluster.</summary>
/// <param name="Node">This node's place in it.</param>
/// <param name="MinWorkers">Workers to wait for.</param>
/// <param name="Health">Where the node's health is told; null for nowhere.</param>
internal sealed record ClusterRequest(NodeSettings Node, int MinWorkers, HostPort? Health)
{
    private static readonly HostPort DefaultListen = new("127.0.0.1", 4053);
    private static readonly TimeSpan DefaultJoinTimeout = TimeSpan.FromSeconds(60);

    /// <summary>What a job says of its cluster.</summary>
    public static ClusterRequest Of(RunOptions run) => new(
        new NodeSettings
        {
            Role = NodeSettings.CoordinatorRole,
            Listen = run.Listen ?? DefaultListen,
            Advertise = run.Advertise,
            SeedNodes = run.SeedNodes ?? [],
            JoinTimeout = run.JoinTimeout is { } seconds ? TimeSpan.FromSeconds(seconds) : DefaultJoinTimeout,
            Tls = new TlsFiles(run.TlsCertificate, run.TlsKey, run.TlsAuthority),
            Insecure = run.Insecure,
        },
        run.MinWorkers ?? 1, run.Health);

    /// <summary>Everything that is wrong with it.</summary>
    public IEnumerable<Problem> Validate() => MinWorkers < 1
        ? Node.Validate().Append(Problem.Of("min-workers", MinWorkers, "must be at least 1"))
        : Node.Validate();

    /// <summary>Options that say something about another way to run than the one that is asked for.</summary>
    public static IEnumerable<string> Misplaced(ParseResult parsed, OptionSet options, RunOptions run)
    {
        bool cluster = run.Cluster;
        Option[] others = cluster
            ? [options.Device, options.Workers, options.Threads]
            : [.. options.Node.All.Where(option => option != options.Node.Insecure || run.Dashboard is null), options.MinWorkers];
        return parsed.CommandResult.Children.Concat(parsed.RootCommandResult.Children)
            .OfType<OptionResult>()
            .Where(result => !result.Implicit && others.Contains(result.Option))
            .Select(result => cluster
                ? $"{result.Option.Name} has no meaning with --cluster: actorhutch-worker has it."
                : $"{result.Option.Name} has no meaning without --cluster.");
    }
}
