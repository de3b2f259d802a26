using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Options;

namespace ActorHutch.Shared.CommandLine;

/// <summary>The options that a node of a cluster has, whatever it is.</summary>
public static class NodeOptions
{
    /// <summary>How an address is written.</summary>
    public static ValueFormat<HostPort> Address { get; } = Formats.Parsed<HostPort>("HOST:PORT", "must be HOST:PORT", HostPort.TryParse);

    /// <summary>The options. Values that are a program's defaults are not written.</summary>
    /// <param name="defaults">The program's defaults.</param>
    /// <param name="seedNodes">What <c>--seed-nodes</c> is for.</param>
    /// <param name="noSeedNodes">What is meant where it is not said; empty where it must be.</param>
    /// <param name="joinTimeout">What <c>--join-timeout</c> is for.</param>
    public static IEnumerable<OptionEntry<NodeSettings>> Entries(NodeSettings defaults, string seedNodes, string noSeedNodes, string joinTimeout)
    {
        ArgumentNullException.ThrowIfNull(defaults);
        OptionEntry<NodeSettings>[] entries =
        [
            OptionEntry.Of("listen", "The address on which this node listens", $"{defaults.Listen}{(defaults.Listen.Port == 0 ? ", any port that is free" : "")}", Address,
                (NodeSettings node) => node.Listen, (node, value) => node with { Listen = value }),
            OptionEntry.Of("advertise", "The address by which other nodes reach this one", "--listen", Address,
                (NodeSettings node) => node.Advertise, (node, value) => node with { Advertise = value }),
            OptionEntry.Of("seed-nodes", seedNodes, noSeedNodes, new ListFormat<HostPort>(Address),
                (NodeSettings node) => node.SeedNodes, (node, value) => node with { SeedNodes = value }),
            // Timers count milliseconds in 31 bits.
            OptionEntry.Of("join-timeout", joinTimeout, $"{defaults.JoinTimeout!.Value.TotalSeconds}",
                Formats.Number<double>("SECONDS", "must be a number of seconds from 0.001 to 2147483", seconds => seconds is >= 0.001 and <= int.MaxValue / 1000),
                (NodeSettings node) => node.JoinTimeout?.TotalSeconds, (node, value) => node with { JoinTimeout = TimeSpan.FromSeconds(value) }),
            OptionEntry.Of("health", "Serve /healthz/live, /healthz/ready and /metrics at this address", "nowhere", Address,
                (NodeSettings node) => node.Health, (node, value) => node with { Health = value }),
            OptionEntry.Flag("expose-metrics", "Serve /metrics to other machines too: any process that reaches --health can read the estimate",
                (NodeSettings node) => node.ExposeMetrics, (node, value) => node with { ExposeMetrics = value }),
            OptionEntry.Of("tls-cert", "This node's certificate, in PEM; with --tls-key and --tls-ca, all traffic between nodes is encrypted", "none", Formats.File,
                (NodeSettings node) => node.Tls.Certificate, (node, value) => node with { Tls = node.Tls with { Certificate = value } }),
            OptionEntry.Of("tls-key", "The certificate's private key, in PEM, not encrypted", "none", Formats.File,
                (NodeSettings node) => node.Tls.Key, (node, value) => node with { Tls = node.Tls with { Key = value } }),
            OptionEntry.Of("tls-ca", "The certificate of the authority that signed those of all nodes, in PEM", "none", Formats.File,
                (NodeSettings node) => node.Tls.Authority, (node, value) => node with { Tls = node.Tls with { Authority = value } }),
            OptionEntry.Flag("insecure", "Accept other machines without TLS: any process that reaches the port is trusted",
                (NodeSettings node) => node.Insecure, (node, value) => node with { Insecure = value }),
        ];
        return entries.Select(entry => entry.Unless(defaults));
    }
}
