using System.Net;
using System.Net.Sockets;

namespace ActorHutch.Shared.Hosting;

/// <summary>What is found at the address of a seed node.</summary>
/// <param name="Seed">The seed node, as it was named.</param>
/// <param name="Name">The address by which the node there goes; null where none answered.</param>
/// <param name="What">What was found, for people: a clause.</param>
public sealed record SeedFinding(HostPort Seed, HostPort? Name, string What)
{
    /// <summary>A node is there, and goes by another name: it does not answer to this one.</summary>
    public bool IsMisnamed => Name is { } name && name != Seed;

    /// <summary>As a line for people.</summary>
    public override string ToString() => $"{Seed}: {What}.";
}

/// <summary>Looks at the addresses of seed nodes, where a node could not join them and should say why.</summary>
/// <remarks>
/// A node of Akka's takes no message that is sent to another name than the one that it advertises, and does not say so to
/// the sender: a seed node <c>localhost</c> waits for ever for a coordinator at 127.0.0.1. Its handshake tells its name.
/// </remarks>
public static class SeedNodes
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Looks at all of a node's seed nodes, 5 s at each of their addresses.</summary>
    public static Task<IReadOnlyList<SeedFinding>> LookAsync(NodeSettings node, CancellationToken cancellation = default) =>
        LookAsync(node, Patience, cancellation);

    /// <summary>Looks at all of a node's seed nodes.</summary>
    /// <param name="node">The node that could not join them.</param>
    /// <param name="patience">How long an answer from one address is waited for.</param>
    /// <param name="cancellation">Gives it up.</param>
    public static async Task<IReadOnlyList<SeedFinding>> LookAsync(NodeSettings node, TimeSpan patience, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(node);
        return await Task.WhenAll(node.SeedNodes.Select(seed => LookAsync(seed, node, patience, cancellation))).ConfigureAwait(false);
    }

    private static async Task<SeedFinding> LookAsync(HostPort seed, NodeSettings node, TimeSpan patience, CancellationToken cancellation)
    {
        IPAddress[] addresses;
        try
        {
            addresses = await Dns.GetHostAddressesAsync(seed.Host, cancellation).ConfigureAwait(false);
        }
        catch (Exception error) when (error is SocketException or ArgumentException)
        {
            return new SeedFinding(seed, null, $"there is no such name ({error.Message.TrimEnd('.')})");
        }

        var failures = new List<string>();
        foreach (var address in addresses.Distinct())
        {
            using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            giveUp.CancelAfter(patience);
            try
            {
                var name = await NodeHandshake.NameAsync(new IPEndPoint(address, seed.Port), node, giveUp.Token).ConfigureAwait(false);
                return new SeedFinding(seed, name, name == seed
                    ? "a node answers by this name"
                    : $"the node there goes by another name, {name}: write --seed-nodes {name}");
            }
            catch (Exception error) when (error is IOException or SocketException or OperationCanceledException)
            {
                cancellation.ThrowIfCancellationRequested();
                failures.Add($"at {address} {Describe(error)}");
            }
        }

        return new SeedFinding(seed, null, string.Join(", ", failures));
    }

    private static string Describe(Exception error) => error switch
    {
        SocketException { SocketErrorCode: SocketError.ConnectionRefused } => "nobody listens",
        SocketException socket => $"nobody can be reached ({socket.Message.TrimEnd('.')})",
        OperationCanceledException => "nobody answered in time",
        _ => error.Message,
    };
}
