using System.Text.Json;

namespace ActorHutch.Curvature.Models.Description;

/// <summary>Takes a JSON document apart into layers, and notes everything in it that is wrong.</summary>
internal sealed class DescriptionReader
{
    /// <summary>How deep containers may be nested.</summary>
    public const int MaximumDepth = 32;

    private const string TypeKey = "type";
    private const string NameKey = "name";
    private const string SchemaKey = "$schema";
    private const int LongestQuote = 60;

    private readonly List<string> _problems = [];

    private DescriptionReader()
    {
    }

    /// <summary>The model, or null and what is wrong.</summary>
    public static (DescribedLayer? Model, IReadOnlyList<string> Problems) Read(JsonElement root)
    {
        var reader = new DescriptionReader();
        var model = reader.Layer(root, place: "", depth: 0);
        return (reader._problems.Count == 0 ? model : null, reader._problems);
    }

    private DescribedLayer? Layer(JsonElement given, string place, int depth)
    {
        if (given.ValueKind != JsonValueKind.Object)
        {
            Wrong(place, given, "a layer, such as {\"type\": \"ReLU\"}");
            return null;
        }

        var properties = Properties(given, place);
        if (!properties.TryGetValue(TypeKey, out var type))
        {
            _problems.Add($"{Join(place, TypeKey)} is missing; {KnownLayers}.");
            return null;
        }

        if (place.Length == 0 && type.ValueKind == JsonValueKind.String && type.ValueEquals(GraphReader.Type))
            return GraphReader.Read(properties, _problems);

        var kind = type.ValueKind == JsonValueKind.String ? LayerTable.Find(type.GetString()!) : null;
        switch (kind)
        {
            case LeafKind leaf:
                return Leaf(leaf, properties, place);
            case ContainerKind container:
                return Container(container, properties, place, depth);
            default:
                _problems.Add(
                    $"{Join(place, TypeKey)} is {Quote(type)}, which is no layer that a description can have; {KnownLayers}. "
                    + "A model with other layers can be given as TorchScript.");
                return null;
        }
    }

    private DescribedLeaf? Leaf(LeafKind kind, Dictionary<string, JsonElement> properties, string place)
    {
        int before = _problems.Count;
        NoOthers(kind, [.. kind.Arguments.Select(argument => argument.Name)], properties, place);
        var values = new Dictionary<string, object?>();
        foreach (var argument in kind.Arguments)
        {
            if (!properties.TryGetValue(argument.Name, out var given))
            {
                if (argument.IsRequired) Missing(place, argument.Name, argument.Expected);
                values[argument.Name] = argument.Default;
            }
            else if (argument.TryRead(given, out object? value))
            {
                values[argument.Name] = value;
            }
            else
            {
                Wrong(Join(place, argument.Name), given, argument.Expected);
            }
        }

        if (_problems.Count > before) return null;
        var arguments = new LayerArguments(values);
        if (kind.Check(arguments) is { } conflict)
        {
            string given = properties.TryGetValue(conflict.Argument, out var element) ? Quote(element) : "the default";
            _problems.Add($"{Join(place, conflict.Argument)} is {given}; it {conflict.Problem}.");
        }

        return new DescribedLeaf(place, kind, arguments);
    }

    private DescribedContainer? Container(
        ContainerKind kind, Dictionary<string, JsonElement> properties, string place, int depth)
    {
        NoOthers(kind, kind.Lists, properties, place);
        if (depth == MaximumDepth)
        {
            _problems.Add($"{place} is nested too deep; containers may hold each other {MaximumDepth} times.");
            return null;
        }

        var lists = kind.Lists.Select(name =>
        {
            if (properties.TryGetValue(name, out var given)) return Layers(given, Join(place, name), depth + 1);
            if (name == ContainerKind.Main) Missing(place, name, "a list of layers");
            return null;
        });
        return new DescribedContainer(place, kind, [.. lists]);
    }

    private List<(string, DescribedLayer)>? Layers(JsonElement given, string place, int depth)
    {
        if (given.ValueKind != JsonValueKind.Array || given.GetArrayLength() == 0)
        {
            Wrong(place, given, "a list of one layer or more");
            return null;
        }

        var layers = new List<(string, DescribedLayer)>();
        var places = new Dictionary<string, string>(StringComparer.Ordinal);
        int index = 0;
        foreach (var item in given.EnumerateArray())
        {
            string itemPlace = $"{place}[{index}]", name = Name(item, itemPlace) ?? DescribedContainer.NameOf(index);
            if (!places.TryAdd(name, itemPlace))
                _problems.Add($"{itemPlace} has the name \"{name}\", which {places[name]} has already.");
            if (Layer(item, itemPlace, depth) is { } layer) layers.Add((name, layer));
            index++;
        }

        return layers;
    }

    private string? Name(JsonElement layer, string place)
    {
        if (layer.ValueKind != JsonValueKind.Object || !layer.TryGetProperty(NameKey, out var given)) return null;
        if (given.ValueKind == JsonValueKind.String && given.GetString() is { Length: > 0 } name && !name.Contains('.'))
            return name;

        Wrong(Join(place, NameKey), given, "a name without dots: the layer's in the state dict");
        return null;
    }

    private Dictionary<string, JsonElement> Properties(JsonElement layer, string place)
    {
        var properties = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var property in layer.EnumerateObject())
        {
            if (!properties.TryAdd(property.Name, property.Value))
                _problems.Add($"{Join(place, property.Name)} is given twice.");
        }

        return properties;
    }

    private void NoOthers(
        LayerKind kind, IReadOnlyList<string> known, Dictionary<string, JsonElement> properties, string place)
    {
        string allowed = place.Length == 0 ? SchemaKey : NameKey;
        foreach (string name in properties.Keys.Where(name => name != TypeKey && name != allowed && !known.Contains(name)))
        {
            string arguments = known.Count == 0 ? "has no arguments" : $"has {string.Join(", ", known)}";
            _problems.Add($"{Join(place, name)} is no argument of {kind.Type}, which {arguments}.");
        }
    }

    private void Missing(string place, string name, string expected) =>
        _problems.Add($"{Join(place, name)} is missing; it must be {expected}.");

    private void Wrong(string place, JsonElement given, string expected) =>
        _problems.Add($"{(place.Length == 0 ? "The model" : place)} is {Quote(given)}; it must be {expected}.");

    private static string KnownLayers => $"known layers are {string.Join(", ", LayerTable.All.Select(kind => kind.Type))}";

    private static string Join(string place, string name) => place.Length == 0 ? name : $"{place}.{name}";

    private static string Quote(JsonElement element)
    {
        string text = element.GetRawText().ReplaceLineEndings(" ");
        return text.Length <= LongestQuote ? text : text[..LongestQuote] + "…";
    }
}
