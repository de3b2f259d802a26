using ActorHutch.Shared.Options;
using ActorHutch.Shared.Security;

namespace ActorHutch.Shared.Hosting;

/// <summary>A node's place in a cluster.</summary>
public sealed record NodeSettings
{
    /// <summary>The role of the node that hosts the job.</summary>
    public const string CoordinatorRole = "coordinator";

    /// <summary>The role of nodes that compute.</summary>
    public const string WorkerRole = "worker";

    /// <summary>
    /// How long a node may be out of reach before it is given up. A connection that is mended sooner leaves no trace but
    /// the chunks that others were given meanwhile.
    /// </summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(10);

    /// <summary>What the node is.</summary>
    public required string Role { get; init; }

    /// <summary>The address it binds to.</summary>
    public required HostPort Listen { get; init; }

    /// <summary>The address it is known by; null (the default) for the one it binds to.</summary>
    public HostPort? Advertise { get; init; }

    /// <summary>
    /// Nodes to join, by the addresses they advertise, to the letter. None (the default) on a coordinator that starts a
    /// cluster.
    /// </summary>
    public IReadOnlyList<HostPort> SeedNodes { get; init; } = [];

    /// <summary>The certificates' files. Default: none, plain TCP.</summary>
    public TlsFiles Tls { get; init; } = TlsFiles.None;

    /// <summary>Whether it may listen to other machines without TLS. Default: no.</summary>
    public bool Insecure { get; init; }

    /// <summary>
    /// How long a worker looks for a coordinator, or a coordinator waits for workers; null for ever.
    /// </summary>
    public TimeSpan? JoinTimeout { get; init; }

    /// <summary>Where its health is told; null (the default) for nowhere.</summary>
    public HostPort? Health { get; init; }

    /// <summary>
    /// Whether metrics are told where <see cref="Health"/> is even if other machines reach it: <c>--expose-metrics</c>. Default: no.
    /// </summary>
    public bool ExposeMetrics { get; init; }

    /// <summary>Whether other machines may read the metrics, because the network is trusted or because they alone are exposed.</summary>
    public bool MetricsForOthers => Insecure || ExposeMetrics;

    /// <summary>The node's port.</summary>
    public RemoteSettings Remote => new()
    {
        Host = Listen.Host,
        Port = Listen.Port,
        PublicHost = Advertise?.Host,
        PublicPort = Advertise?.Port,
        TlsFiles = Tls,
        Insecure = Insecure,
    };

    /// <summary>Everything that is wrong with the settings; nothing where they are right.</summary>
    public IReadOnlyList<Problem> Validate()
    {
        var problems = new List<Problem>(Remote.Validate(out _));
        if (Listen.IsAny && Advertise is null)
        {
            problems.Add(new Problem(
                "listen", Listen.ToString(), "needs --advertise HOST:PORT, the address that others reach this machine by"));
        }

        if (Advertise is { IsAny: true } any)
            problems.Add(new Problem("advertise", any.ToString(), "must be an address that others can connect to"));
        foreach (var seed in SeedNodes.Where(seed => seed.Port == 0 || seed.IsAny))
            problems.Add(new Problem("seed-nodes", seed.ToString(), "must be an address and port that a node advertises"));
        if (ExposeMetrics && Health is null)
            problems.Add(new Problem("expose-metrics", "without --health", "needs --health HOST:PORT, the address that metrics are told at"));
        if (Role == WorkerRole && SeedNodes.Count == 0)
            problems.Add(new Problem("seed-nodes", "", "must name the coordinator, as HOST:PORT"));
        return problems;
    }
}
