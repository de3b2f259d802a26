namespace ActorHutch.Curvature.Operators;

/// <summary>Where the nodes and weights of a matrix, or of one of its blocks, are among the columns of a probe's values.</summary>
/// <param name="Block">The block's name; empty for all of the matrix.</param>
/// <param name="First">The column of the first node; as many weights follow the nodes.</param>
/// <param name="Nodes">How many there are.</param>
public sealed record QuadratureColumns(string Block, int First, int Nodes)
{
    private const string Node = "node 1", Weight = "weight 1", Of = ", ";

    /// <summary>The column after the last weight.</summary>
    internal int End => First + 2 * Nodes;

    /// <summary>The names of these columns, as <see cref="Read"/> finds them.</summary>
    internal IEnumerable<string> Names
    {
        get
        {
            string of = Block.Length == 0 ? "" : Block + Of;
            return [.. Enumerable.Range(1, Nodes).Select(k => $"{of}node {k}"), .. Enumerable.Range(1, Nodes).Select(k => $"{of}weight {k}")];
        }
    }

    /// <summary>All columns of these names.</summary>
    public static IReadOnlyList<QuadratureColumns> Read(IReadOnlyList<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        var found = new List<QuadratureColumns>();
        for (int first = 0; first < names.Count; first = found[^1].End)
        {
            string of = names[first][..^Node.Length], weight = of + Weight;
            int nodes = 0;
            while (names[first + nodes] != weight) nodes++;
            found.Add(new QuadratureColumns(of.Length == 0 ? "" : of[..^Of.Length], first, nodes));
        }

        return found;
    }
}
