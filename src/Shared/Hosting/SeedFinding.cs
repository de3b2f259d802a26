namespace ActorHutch.Shared.Hosting;

/// <summary>What is found at the address of a seed node.</summary>
/// <param name="Seed">The seed node, as it was named.</param>
/// <param name="What">What was found, for people: a clause.</param>
/// <param name="Remedy">What is likely to help, for people: a sentence without its full stop.</param>
public sealed record SeedFinding(HostPort Seed, string What, string Remedy)
{
    /// <summary>The address by which the node there goes; null where none answered.</summary>
    public HostPort? Name { get; init; }

    /// <summary>Whether waiting does not help: somebody listens there, and it is not a node that this one can talk to by this name.</summary>
    public bool Lasts { get; init; }

    /// <summary>As a line for people.</summary>
    public override string ToString() => $"{Seed}: {What}. {Remedy}.";
}
