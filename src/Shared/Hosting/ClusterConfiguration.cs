using Akka.Configuration;

namespace ActorHutch.Shared.Hosting;

/// <summary>
/// A node's membership, in Akka's terms. Its port, and what travels over it, is said by
/// <see cref="RemoteHosting"/>.
/// </summary>
public static class ClusterConfiguration
{
    /// <summary>The settings of a node.</summary>
    /// <remarks>
    /// <para>
    /// Heartbeats are sent and answered on threads of their own, so a node that computes answers as fast as any, and
    /// three seconds without an answer mean that something is wrong: a container's throttled CPU pauses for tenths.
    /// </para>
    /// <para>
    /// No downing provider: there is one coordinator, and where it is, is the cluster. It alone gives up others; a
    /// worker gives up nobody but itself, when it has been without a coordinator for too long, and joins anew. So no
    /// partition leaves two clusters, none takes the coordinator down, and nothing has to be counted.
    /// </para>
    /// </remarks>
    public static Config Of(NodeSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        string scheme = settings.Tls.Any ? "akka.ssl.tcp" : "akka.tcp";
        string seeds = string.Join(
            ", ", settings.SeedNodes.Select(seed => $"\"{scheme}://{ActorHutchSystem.Name}@{seed}\""));
        return ConfigurationFactory.ParseString($$"""
            akka {
              actor.provider = cluster
              remote {
                log-remote-lifecycle-events = off
                retry-gate-closed-for = 1 s
                dot-netty.tcp.connection-timeout = 5 s
              }
              cluster {
                roles = ["{{settings.Role}}"]
                seed-nodes = [{{seeds}}]
                seed-node-timeout = 2 s
                retry-unsuccessful-join-after = 2 s
                shutdown-after-unsuccessful-join-seed-nodes = off
                allow-weakly-up-members = 2 s
                downing-provider-class = ""
                gossip-interval = 500 ms
                leader-actions-interval = 500 ms
                failure-detector {
                  heartbeat-interval = 500 ms
                  acceptable-heartbeat-pause = 3 s
                }
                log-info = off
              }
            }
            """);
    }
}
