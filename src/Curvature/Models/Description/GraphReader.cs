using System.Globalization;
using System.Text.Json;
using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Operations;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Models.Description;

/// <summary>A tensor that a graph's description declares.</summary>
/// <param name="Name">Its name in the state dict.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Dtype">Its number type; null for the model's own.</param>
/// <param name="IsTrainable">Whether it is a parameter whose curvature is asked for; null for a constant.</param>
internal sealed record DeclaredTensor(string Name, long[] Shape, ScalarType? Dtype, bool? IsTrainable);

/// <summary>An operation as a description has it. Values are still names.</summary>
internal sealed record DeclaredNode(string Name, string Operation, IReadOnlyDictionary<string, object?> Arguments);

/// <summary>The name of a value, where an argument has one.</summary>
internal readonly record struct ValueName(string Name);

/// <summary>A model as a graph of operations: known names, in order, and not yet made.</summary>
internal sealed record DescribedGraph(
    IReadOnlyList<ModelInput> Inputs, bool ComputesLoss, IReadOnlyList<DeclaredTensor> Tensors, IReadOnlyList<DeclaredNode> Nodes, string Output)
    : DescribedLayer("")
{
    /// <inheritdoc/>
    public override double Size => Tensors.Sum(tensor => tensor.Shape.Aggregate(1.0, (n, size) => n * size));

    /// <inheritdoc/>
    public override nn.Module<Tensor, Tensor> Make(Placement placement)
    {
        using var scope = NewDisposeScope();
        var parameters = Tensors.Where(tensor => tensor.IsTrainable is not null).Select(tensor => (
            tensor.Name, new TorchSharp.Modules.Parameter(zeros(tensor.Shape, placement.Dtype, placement.Device), tensor.IsTrainable!.Value)));
        var constants = Tensors.Where(tensor => tensor.IsTrainable is null).Select(tensor => (
            tensor.Name, zeros(tensor.Shape, tensor.Dtype ?? placement.Dtype, placement.Device)));
        var module = new GraphModule(Inputs, ComputesLoss, leaves => Graph(leaves, placement), [.. parameters], [.. constants]);
        // The module owns its tensors.
        foreach (var parameter in module.parameters()) parameter.DetachFromDisposeScope();
        foreach (var buffer in module.buffers()) buffer.DetachFromDisposeScope();
        return module;
    }

    private ModelGraph Graph(IReadOnlyDictionary<string, Tensor> leaves, Placement placement)
    {
        var graph = new GraphBuilder { Dtype = placement.Dtype, Device = placement.Device };
        var values = new Dictionary<string, GraphValue>(StringComparer.Ordinal);
        for (int i = 0; i < Inputs.Count; i++) values[Inputs[i].Name] = new GraphInput(i);
        foreach (var (name, leaf) in leaves) values[name] = graph.Tensor(leaf);
        foreach (var node in Nodes)
        {
            var arguments = node.Arguments.ToDictionary(argument => argument.Key, argument => Resolved(argument.Value));
            values[node.Name] = AtenTable.Lower(new GraphCall(node.Name, node.Operation, arguments), graph);
        }

        return values[Output] is GraphTuple
            ? throw new CurvatureException($"The output %{Output} is several results; pick one with getitem.")
            : graph.Build(values[Output]);

        object? Resolved(object? argument) => argument switch
        {
            ValueName value => values[value.Name],
            IReadOnlyList<object?> list => list.Select(Resolved).ToArray(),
            _ => argument,
        };
    }
}

/// <summary>Takes the JSON of a graph apart, and notes everything in it that is wrong.</summary>
internal static class GraphReader
{
    /// <summary>What the description says it is.</summary>
    public const string Type = "Graph";

    private const char Reference = '%';
    private const int DeepestList = 4;
    private static readonly string[] Keys = ["$schema", "type", "inputs", "loss", "parameters", "constants", "nodes", "output"];

    /// <summary>The graph, or null where something is wrong with it.</summary>
    /// <param name="properties">The description's.</param>
    /// <param name="problems">Takes what is wrong.</param>
    public static DescribedGraph? Read(IReadOnlyDictionary<string, JsonElement> properties, List<string> problems)
    {
        int before = problems.Count;
        foreach (string key in properties.Keys.Where(key => !Keys.Contains(key)))
            problems.Add($"{key} is nothing that a graph has; it has {string.Join(", ", Keys)}.");

        var known = new HashSet<string>(StringComparer.Ordinal);
        void Name(string name, string place)
        {
            if (name.Length == 0) problems.Add($"{place} has an empty name.");
            else if (!known.Add(name)) problems.Add($"{place} has the name \"{name}\", which is there already.");
        }

        var inputs = ModelInputs(properties, problems);
        for (int i = 0; i < inputs.Count; i++) Name(inputs[i].Name, $"inputs[{i}]");
        bool computesLoss = properties.TryGetValue("loss", out var loss) && loss.ValueKind == JsonValueKind.True;
        if (loss.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.True or JsonValueKind.False))
            problems.Add($"loss is {loss.GetRawText()}; it must be true where the output is the loss, and false otherwise.");
        if (computesLoss && inputs.Count < 2) problems.Add("loss is true, so inputs must be the model's inputs and, behind them, the targets.");

        var tensors = new List<DeclaredTensor>();
        foreach (string kind in (string[])["parameters", "constants"])
        {
            if (!properties.TryGetValue(kind, out var all)) continue;
            if (all.ValueKind != JsonValueKind.Object)
            {
                problems.Add($"{kind} must be an object, from names to shapes.");
                continue;
            }

            foreach (var tensor in all.EnumerateObject())
            {
                Name(tensor.Name, kind);
                if (Tensor(tensor, kind, problems) is { } declared) tensors.Add(declared);
            }
        }

        var nodes = new List<DeclaredNode>();
        if (!properties.TryGetValue("nodes", out var given) || given.ValueKind != JsonValueKind.Array)
            problems.Add("nodes is missing; it must be the list of operations.");
        else
        {
            int index = 0;
            foreach (var item in given.EnumerateArray())
            {
                string place = $"nodes[{index++}]";
                if (Node(item, place, known, problems) is not { } node) continue;
                Name(node.Name, place);
                nodes.Add(node);
            }
        }

        string output = properties.TryGetValue("output", out var last) && last.ValueKind == JsonValueKind.String ? last.GetString()! : "";
        if (!output.StartsWith(Reference) || !known.Contains(output[1..]))
            problems.Add($"output is \"{output}\"; it must be a value's name behind %, such as \"%fc\".");
        return problems.Count == before ? new DescribedGraph(inputs, computesLoss, tensors, nodes, output[1..]) : null;
    }

    private static DeclaredTensor? Tensor(JsonProperty given, string kind, List<string> problems)
    {
        string place = $"{kind}.{given.Name}";
        bool isParameter = kind == "parameters";
        if (given.Value.ValueKind != JsonValueKind.Object
            || !given.Value.TryGetProperty("shape", out var shape) || shape.ValueKind != JsonValueKind.Array
            || shape.EnumerateArray().Any(size => size.ValueKind != JsonValueKind.Number || !size.TryGetInt64(out long n) || n < 0))
        {
            problems.Add($"{place} must have a shape, a list of sizes of 0 or more.");
            return null;
        }

        ScalarType? dtype = null;
        if (given.Value.TryGetProperty("dtype", out var type)
            && (isParameter || type.ValueKind != JsonValueKind.String || !GraphDtypes.All.TryGetValue(type.GetString()!, out dtype)))
        {
            problems.Add(isParameter
                ? $"{place}.dtype must not be there: parameters have the job's number type."
                : $"{place}.dtype is {type.GetRawText()}; it must be one of {string.Join(", ", GraphDtypes.All.Keys)}.");
            return null;
        }

        bool trainable = !given.Value.TryGetProperty("trainable", out var flag) || flag.ValueKind == JsonValueKind.True;
        return new DeclaredTensor(given.Name, [.. shape.EnumerateArray().Select(size => size.GetInt64())], dtype, isParameter ? trainable : null);
    }

    private static DeclaredNode? Node(JsonElement item, string place, HashSet<string> known, List<string> problems)
    {
        if (item.ValueKind != JsonValueKind.Object
            || !item.TryGetProperty("name", out var name) || name.ValueKind != JsonValueKind.String
            || !item.TryGetProperty("operation", out var operation) || operation.ValueKind != JsonValueKind.String
            || !item.TryGetProperty("arguments", out var arguments) || arguments.ValueKind != JsonValueKind.Object)
        {
            problems.Add($"{place} must have a name, an operation and arguments.");
            return null;
        }

        var values = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var argument in arguments.EnumerateObject())
            values[argument.Name] = Argument(argument.Value, $"{place}.arguments.{argument.Name}", known, problems, 0);
        return new DeclaredNode(name.GetString()!, operation.GetString()!, values);
    }

    private static object? Argument(JsonElement given, string place, HashSet<string> known, List<string> problems, int depth)
    {
        switch (given.ValueKind)
        {
            case JsonValueKind.Null: return null;
            case JsonValueKind.True: return true;
            case JsonValueKind.False: return false;
            case JsonValueKind.Number when given.TryGetInt64(out long whole) && !given.GetRawText().Contains('.'): return whole;
            case JsonValueKind.Number: return given.GetDouble();
            case JsonValueKind.String:
                string text = given.GetString()!;
                if (!text.StartsWith(Reference)) return text;
                if (!known.Contains(text[1..])) problems.Add($"{place} is {text}, which is no value before this one.");
                return new ValueName(text[1..]);
            case JsonValueKind.Array when depth < DeepestList:
                return given.EnumerateArray().Select((item, i) => Argument(item, $"{place}[{i}]", known, problems, depth + 1)).ToArray();
            case JsonValueKind.Object when given.TryGetProperty("batch", out var factor) && factor.TryGetInt64(out long a):
                return new BatchSize(a, given.TryGetProperty("plus", out var plus) && plus.TryGetInt64(out long b) ? b : 0);
            case JsonValueKind.Object when given.TryGetProperty("number", out var number)
                && double.TryParse(number.ToString().Replace("inf", "Infinity", StringComparison.Ordinal), CultureInfo.InvariantCulture, out double value):
                return value;
            default:
                problems.Add($"{place} is {given.GetRawText()[..Math.Min(60, given.GetRawText().Length)]}, which is no argument.");
                return null;
        }
    }

    private static List<ModelInput> ModelInputs(IReadOnlyDictionary<string, JsonElement> properties, List<string> problems)
    {
        if (!properties.TryGetValue("inputs", out var list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
        {
            problems.Add("inputs is missing; it must be a list of names, or of objects with a name and a dtype.");
            return [];
        }

        var inputs = new List<ModelInput>();
        foreach (var item in list.EnumerateArray())
        {
            ScalarType? dtype = null;
            string? name = item.ValueKind switch
            {
                JsonValueKind.String => item.GetString(),
                JsonValueKind.Object when item.TryGetProperty("name", out var given) && given.ValueKind == JsonValueKind.String
                    && (!item.TryGetProperty("dtype", out var type) || GraphDtypes.OfInputs.TryGetValue(type.ToString(), out dtype)) => given.GetString(),
                _ => null,
            };
            if (name is not null) inputs.Add(new ModelInput(name, dtype));
            else problems.Add($"inputs[{inputs.Count}] must be a name, or an object with a name and a dtype, which is one of {string.Join(", ", GraphDtypes.OfInputs.Keys)}.");
        }

        return inputs;
    }
}
