namespace ActorHutch.Curvature.Models.Description;

/// <summary>The arguments of one layer, given or by default.</summary>
internal sealed class LayerArguments(IReadOnlyDictionary<string, object?> values)
{
    /// <summary>An integer.</summary>
    public long Integer(string name) => (long)values[name]!;

    /// <summary>An integer or null.</summary>
    public long? IntegerOrNull(string name) => (long?)values[name];

    /// <summary>A number.</summary>
    public double Number(string name) => (double)values[name]!;

    /// <summary>true or false.</summary>
    public bool Flag(string name) => (bool)values[name]!;

    /// <summary>The word that was given, or null where it is something else.</summary>
    public string? Word(string name) => values[name] as string;

    /// <summary>Sizes, one a dimension.</summary>
    public long[] Sizes(string name) => (long[])values[name]!;

    /// <summary>Sizes, one a dimension, or null.</summary>
    public long[]? SizesOrNull(string name) => (long[]?)values[name];
}
