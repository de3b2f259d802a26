using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace ActorHutch.Shared.Hosting;

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

    /// <summary>Why a node could not join, for people: what it came to, and what was found at each seed node.</summary>
    /// <param name="head">What it came to, a sentence.</param>
    /// <param name="node">The node.</param>
    /// <param name="cancellation">Gives it up.</param>
    public static async Task<string> ExplainAsync(string head, NodeSettings node, CancellationToken cancellation = default)
    {
        var found = await LookAsync(node, cancellation).ConfigureAwait(false);
        return found is [var one] ? $"{head} {one}" : head + string.Concat(found.Select(finding => $"\n  {finding}"));
    }

    /// <summary>A time as an option gives it.</summary>
    public static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s");

    private static async Task<SeedFinding> LookAsync(HostPort seed, NodeSettings node, TimeSpan patience, CancellationToken cancellation)
    {
        IPAddress[] addresses;
        try
        {
            addresses = [.. (await Dns.GetHostAddressesAsync(seed.Host, cancellation).ConfigureAwait(false)).Distinct()];
        }
        catch (Exception error) when (error is SocketException or ArgumentException)
        {
            return new SeedFinding(seed, $"there is no such name ({error.Message.TrimEnd('.')})", "Check the name in --seed-nodes");
        }

        var inquiry = new SeedInquiry(seed, node, patience);
        var found = new List<SeedFinding>();
        foreach (var address in addresses)
        {
            var finding = await inquiry.AskAsync(address, cancellation).ConfigureAwait(false);
            if (finding.Name is not null) return finding;
            found.Add(addresses.Length == 1 ? finding : finding with { What = $"at {address}, {finding.What}" });
        }

        // Where somebody listens at one of them, that is the one that was meant.
        var meant = found.Find(finding => finding.Lasts) ?? found[0];
        return meant with { What = string.Join("; ", found.Select(finding => finding.What)) };
    }
}
