using System.Collections.Concurrent;

namespace ActorHutch.Shared.Health;

/// <summary>What a node's health is made of. Safe to use from any thread.</summary>
/// <param name="conditions">All that must hold for the node to be ready, in words; none does at first.</param>
public sealed class NodeHealth(params string[] conditions)
{
    /// <summary>The node is a member of a cluster, and the cluster says so.</summary>
    public const string Member = "member of the cluster";

    private readonly ConcurrentDictionary<string, bool> _holds = new(conditions.Select(name => KeyValuePair.Create(name, false)));
    private volatile bool _leaving;

    /// <summary>Whether the node does what it is there for.</summary>
    public bool IsReady => !_leaving && _holds.Values.All(holds => holds);

    /// <summary>Says whether a condition holds.</summary>
    public void Set(string condition, bool holds) => _holds[condition] = holds;

    /// <summary>The node has begun to leave: it is not ready any more, whatever else holds.</summary>
    public void Leave() => _leaving = true;

    /// <summary>One line: <c>ready</c>, or what is missing.</summary>
    public override string ToString()
    {
        if (_leaving) return "not ready: leaving";
        var missing = conditions.Where(name => !_holds[name]).Select(name => $"not {name}").ToArray();
        return missing.Length == 0 ? "ready" : $"not ready: {string.Join(", ", missing)}";
    }
}
