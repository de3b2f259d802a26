using System.Globalization;

namespace ActorHutch.Curvature.Graphs;

/// <summary>A whole number that depends on the batch: <paramref name="Factor"/>·N + <paramref name="Rest"/>.</summary>
internal readonly record struct BatchSize(long Factor, long Rest)
{
    /// <summary>The number for N samples; what no batch has, as it is.</summary>
    public long At(long samples) => unchecked(Factor * samples + Rest);
}

/// <summary>Several values as one: what an operation with several results gives. Null stands for a result that has no use here.</summary>
internal sealed class GraphTuple(IReadOnlyList<GraphValue?> items) : GraphValue
{
    public IReadOnlyList<GraphValue?> Items { get; } = items;
}

/// <summary>An operation as a description names it: its node, ATen's name, and arguments under ATen's names.</summary>
/// <param name="Node">The node's name.</param>
/// <param name="Operation">ATen's name of the operation.</param>
/// <param name="Arguments">
/// null, bool, long, double, string, <see cref="BatchSize"/>, <see cref="GraphValue"/>, or a list of these.
/// </param>
internal sealed record GraphCall(string Node, string Operation, IReadOnlyDictionary<string, object?> Arguments)
{
    /// <summary>Whether an argument is there and is a value of the graph.</summary>
    public bool HasValue(string name) => Arguments.GetValueOrDefault(name) is GraphValue;

    /// <summary>A value that must be there.</summary>
    public GraphValue Value(string name) => Arguments.GetValueOrDefault(name) is GraphValue value and not GraphTuple
        ? value
        : throw Wrong(name, "a value, such as \"%relu\"");

    /// <summary>A value, or null.</summary>
    public GraphValue? Optional(string name) => Arguments.GetValueOrDefault(name) is null ? null : Value(name);

    /// <summary>A list of values.</summary>
    public IReadOnlyList<GraphValue> Values(string name) =>
        Arguments.GetValueOrDefault(name) is IReadOnlyList<object?> { Count: > 0 } list && list.All(item => item is GraphValue and not GraphTuple)
            ? [.. list.Cast<GraphValue>()]
            : throw Wrong(name, "a list of values, such as [\"%a\", \"%b\"]");

    /// <summary>A list of values some of which may be missing.</summary>
    public IReadOnlyList<GraphValue?> OptionalValues(string name) =>
        Arguments.GetValueOrDefault(name) is IReadOnlyList<object?> list && list.All(item => item is null or GraphValue and not GraphTuple)
            ? [.. list.Cast<GraphValue?>()]
            : throw Wrong(name, "a list of values and nulls");

    /// <summary>The results of an operation with several.</summary>
    public GraphTuple Tuple(string name) => Arguments.GetValueOrDefault(name) as GraphTuple
        ?? throw Wrong(name, "an operation with several results");

    /// <summary>A whole number.</summary>
    public long Integer(string name, long? missing = null) => Arguments.GetValueOrDefault(name) switch
    {
        long number => number,
        null when missing is { } standard => standard,
        _ => throw Wrong(name, "a whole number"),
    };

    /// <summary>A whole number that may depend on the batch; null where it is null or missing.</summary>
    public Func<long, long>? Size(string name) => Arguments.GetValueOrDefault(name) is { } given ? SizeOf(given, name) : null;

    /// <summary>A list of whole numbers that may depend on the batch.</summary>
    public Func<long, long[]> Sizes(string name)
    {
        if (Arguments.GetValueOrDefault(name) is not IReadOnlyList<object?> list) throw Wrong(name, "a list of whole numbers");
        Func<long, long>[] sizes = [.. list.Select(item => SizeOf(item, name))];
        return samples => [.. sizes.Select(size => size(samples))];
    }

    /// <summary>A list of whole numbers that are the same for each batch.</summary>
    public long[] Integers(string name, int? count = null)
    {
        if (Arguments.GetValueOrDefault(name) is not IReadOnlyList<object?> list || list.Any(item => item is not long))
            throw Wrong(name, "a list of whole numbers");
        long[] numbers = [.. list.Cast<long>()];
        // PyTorch takes [2] where [2, 2] is meant.
        if (count is { } wanted && numbers.Length == 1) numbers = [.. Enumerable.Repeat(numbers[0], wanted)];
        return count is null || numbers.Length == count ? numbers : throw Wrong(name, $"a list of {count} whole numbers");
    }

    /// <summary>Whether a list has nothing in it, or is missing.</summary>
    public bool IsEmpty(string name) => Arguments.GetValueOrDefault(name) is null or IReadOnlyList<object?> { Count: 0 };

    /// <summary>A number.</summary>
    public double Number(string name, double? missing = null) => Arguments.GetValueOrDefault(name) switch
    {
        double number => number,
        long number => number,
        null when missing is { } standard => standard,
        _ => throw Wrong(name, "a number"),
    };

    /// <summary>A number, or null.</summary>
    public double? OptionalNumber(string name) => Arguments.GetValueOrDefault(name) is null ? null : Number(name);

    /// <summary>true or false.</summary>
    public bool Flag(string name, bool? missing = null) => Arguments.GetValueOrDefault(name) switch
    {
        bool flag => flag,
        null when missing is { } standard => standard,
        _ => throw Wrong(name, "true or false"),
    };

    /// <summary>A word.</summary>
    public string Word(string name, string? missing = null) => Arguments.GetValueOrDefault(name) switch
    {
        string word => word,
        null when missing is not null => missing,
        _ => throw Wrong(name, "a word"),
    };

    /// <summary>What is wrong with an argument.</summary>
    public CurvatureException Wrong(string name, string right) => new(
        $"Node {Node} ({Operation}): argument {name} is {Text(Arguments.GetValueOrDefault(name))}; it must be {right}.");

    private Func<long, long> SizeOf(object? given, string name) => given switch
    {
        long number => _ => number,
        BatchSize size => size.At,
        _ => throw Wrong(name, "a whole number, or {\"batch\": a, \"plus\": b} for a·N + b"),
    };

    private static string Text(object? value) => value switch
    {
        null => "missing",
        string word => $"\"{word}\"",
        bool flag => flag ? "true" : "false",
        GraphTuple => "several results",
        GraphValue => "a value",
        BatchSize size => $"{size.Factor}·N + {size.Rest}",
        IReadOnlyList<object?> list => $"[{string.Join(", ", list.Select(Text))}]",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
