using System.Globalization;
using ActorHutch.Curvature.Graphs;

namespace ActorHutch.Curvature.Operations;

/// <summary>Operations without a rule that libtorch may be asked for, with the arguments that they take.</summary>
/// <remarks>
/// libtorch compiles the call, and ends the process where it knows no such operation or not with such arguments: so the list is
/// ours (libtorch-operations.txt), and a call is compared with it first. None of them opens files or writes to what it takes.
/// </remarks>
internal static class LibTorchCall
{
    private const string List = "libtorch-operations.txt";

    private static readonly ILookup<string, Argument[]> Overloads = Read();

    private sealed record Argument(string Kind, string Name, bool IsOptional);

    /// <summary>Names of the operations, sorted.</summary>
    public static IEnumerable<string> Names => Overloads.Select(overloads => overloads.Key).Order(StringComparer.Ordinal);

    /// <summary>Writes an operation of libtorch to a graph.</summary>
    /// <exception cref="CurvatureException">It is not in the list, or has other arguments.</exception>
    public static GraphNode Lower(GraphCall call, GraphBuilder graph)
    {
        if (!Overloads.Contains(call.Operation))
        {
            throw new CurvatureException(
                $"Node {call.Node}: there is no operation \"{call.Operation}\" that curvature can be computed of. "
                + "docs/layer-rules.md has those with a rule, and src/Curvature/Operations/libtorch-operations.txt the others, both in the repository.");
        }

        // What a number type would be converted to is the model's own.
        var given = call.Arguments.Where(argument => argument.Key != "dtype" || argument.Value is not null).ToDictionary();
        var fitting = Overloads[call.Operation].FirstOrDefault(overload => Fits(overload, given)) ?? throw new CurvatureException(
            $"Node {call.Node} ({call.Operation}) has the arguments {Described(given)}; it must have "
            + string.Join(", or ", Overloads[call.Operation].Select(Described)) + ".");

        var operands = new List<GraphValue>();
        // TorchScript takes self by its place only, and so what stands before it.
        int named = Array.FindIndex(fitting, argument => argument.Name == "self") + 1;
        var texts = fitting.Select((argument, place) => (argument.Name, Prefix: place < named ? "" : argument.Name + "="))
            .Where(argument => given.ContainsKey(argument.Name))
            .Select(argument => argument.Prefix + Text(given[argument.Name], operands));
        string text = $"torch.{call.Operation}({string.Join(", ", texts)})";
        return graph.Add(() => new LibTorchOperation(text), operands);
    }

    private static bool Fits(Argument[] overload, Dictionary<string, object?> given) =>
        overload.All(argument => given.TryGetValue(argument.Name, out object? value) ? IsA(argument.Kind, value) : argument.IsOptional)
        && given.Keys.All(name => overload.Any(argument => argument.Name == name));

    private static bool IsA(string kind, object? value) => kind switch
    {
        _ when kind.EndsWith('?') => value is null || IsA(kind[..^1], value),
        _ when kind.EndsWith("[]", StringComparison.Ordinal) =>
            value is IReadOnlyList<object?> { Count: > 0 } list && list.All(item => IsA(kind[..^2], item)),
        "Tensor" => value is GraphValue and not GraphTuple,
        "bool" => value is bool,
        "int" => value is long,
        "float" => value is long or double,
        _ => value is string word && word.All(char.IsAsciiLetterOrDigit),
    };

    private static string Text(object? value, List<GraphValue> operands)
    {
        switch (value)
        {
            case null: return "None";
            case bool flag: return flag ? "True" : "False";
            case long number: return number.ToString(CultureInfo.InvariantCulture);
            case double number when double.IsFinite(number): return number.ToString("E16", CultureInfo.InvariantCulture);
            case double number: return $"float(\"{(double.IsNaN(number) ? "nan" : number > 0 ? "inf" : "-inf")}\")";
            case string word: return $"\"{word}\"";
            case IReadOnlyList<object?> list: return $"[{string.Join(", ", list.Select(item => Text(item, operands)))}]";
            default:
                operands.Add((GraphValue)value);
                return $"x[{operands.Count - 1}]";
        }
    }

    private static string Described(Dictionary<string, object?> given) => $"({string.Join(", ", given.Select(argument =>
        $"{argument.Key}: {argument.Value switch { null => "None", GraphValue => "Tensor", IReadOnlyList<object?> => "list", bool => "bool", long => "int", double => "float", BatchSize => "size of the batch", _ => "str" }}"))})";

    private static string Described(Argument[] overload) =>
        $"({string.Join(", ", overload.Select(argument => $"{argument.Kind} {argument.Name}{(argument.IsOptional ? "=" : "")}"))})";

    private static ILookup<string, Argument[]> Read()
    {
        using var stream = typeof(LibTorchCall).Assembly.GetManifestResourceStream(List)
            ?? throw new InvalidOperationException($"{List} is not in the assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line =>
        {
            int open = line.IndexOf('(', StringComparison.Ordinal);
            return (Name: line[..open], Arguments: line[(open + 1)..^1].Split(", ").Select(argument =>
            {
                string[] parts = argument.TrimEnd('=').Split(' ');
                return new Argument(parts[0], parts[1], argument.EndsWith('='));
            }).ToArray());
        }).ToLookup(line => line.Name, line => line.Arguments, StringComparer.Ordinal);
    }
}
